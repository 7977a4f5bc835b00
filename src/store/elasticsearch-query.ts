/** Query → Elasticsearch's query language, over the terms of elasticsearch-mapping.ts. Each node is
 *  given from above (holds for every event that matches) or from below (holds for none but those),
 *  and NOT changes sides; where both are one, the server counts. What the server cannot decide, or
 *  only at a cost, is left to query/match.ts. Made of simple clauses alone: no scripts, no query
 *  strings, and no patterns that grow into large automata. */
import type { estypes } from '@elastic/elasticsearch'
import { parseIsoTime } from '../flow/time.ts'
import { isNumber, type Bound, type Query } from '../query/tree.ts'
import { keywordCharsMax, pair, sortableNumber, wordTerm } from './elasticsearch-mapping.ts'

type Clause = estypes.QueryDslQueryContainer
type Side = 'upper' | 'lower'

/** Clauses of one query; the server takes 1,024 at least. */
const clausesMax = 400
/** Nested clauses; the server takes 30. */
const depthMax = 20
/** Characters of a pattern that the server is given. */
const patternCharsMax = 256

export interface ElasticsearchQuery {
  /** Holds for every event that matches. */
  readonly filter: Clause
  /** It holds for no other event either, those with `long: true` aside. */
  readonly exact: boolean
  /** Events with `long: true` are among those that it holds for without being sure. */
  readonly long: boolean
}

const everything: Clause = { match_all: {} }
const nothing: Clause = { match_none: {} }
const longOnes: Clause = { term: { long: true } }

/** The query from above. */
export function elasticsearchQuery(query: Query): ElasticsearchQuery {
  const compiler = new Compiler()
  const filter = compiler.compile(query, 'upper', 0)
  return { filter, exact: compiler.exact, long: compiler.long }
}

class Compiler {
  exact = true
  long = false
  #left = clausesMax

  compile(query: Query, side: Side, depth: number): Clause {
    this.#left -= 1
    if (this.#left < 0 || depth > depthMax) return this.#unsure(side, everything)
    switch (query.kind) {
      case 'all':
        return everything
      case 'and':
        return { bool: { filter: query.parts.map((part) => this.compile(part, side, depth + 1)) } }
      case 'or':
        return anyOf(query.parts.map((part) => this.compile(part, side, depth + 1)))
      case 'not':
        return not(this.compile(query.part, side === 'upper' ? 'lower' : 'upper', depth + 1))
      case 'words':
        return this.#words(query.words, side)
      case 'exists':
        return query.field === 'time' ? everything : { term: { names: query.field } }
      case 'is':
        return this.#is(query.field, query.value, side)
      case 'like':
        return this.#like(query.field, query.pattern, side)
      case 'range':
        return this.#range(query.field, query.low, query.high, side)
    }
  }

  /** Something that the server cannot decide; `bound` holds wherever it may hold. */
  #unsure(side: Side, bound: Clause): Clause {
    this.exact = false
    return side === 'upper' ? bound : nothing
  }

  /** A clause that sees no values and words beyond the length of a term. */
  #unlessLong(side: Side, clause: Clause): Clause {
    this.long = true
    if (side === 'upper') return anyOf([clause, longOnes])
    return { bool: { filter: [clause], must_not: [longOnes] } }
  }

  #is(field: string, value: string, side: Side): Clause {
    if (field === 'time') return { term: { time: parseIsoTime(value) } }
    const term = pair(field, value)
    if (term.length > keywordCharsMax) return this.#unsure(side, longOnes)
    return { term: { pairs: term } }
  }

  #like(field: string, pattern: string, side: Side): Clause {
    if (pattern.length > patternCharsMax) return this.#unsure(side, { term: { names: field } })
    const value = `${escaped(pair(field, ''))}${cheap(pattern)}`
    const clause: Clause = { wildcard: { pairs: { value } } }
    if (isCheap(pattern)) return this.#unlessLong(side, clause)
    return this.#unsure(side, anyOf([clause, longOnes]))
  }

  #range(field: string, low: Bound | null, high: Bound | null, side: Side): Clause {
    if (field === 'time') {
      return { range: { time: ends(low, high, ({ value }) => parseIsoTime(value)) } }
    }
    // The end of a field's pairs is the first term that its name with a 1 in place of the NUL gives.
    const around = { gte: `${field}\0`, lt: `${field}\x01` }
    const numeric = [low, high].every((bound) => bound === null || isNumber(bound.value))
    if (numeric) {
      const limits = ends(low, high, ({ value }) => pair(field, sortableNumber(Number(value))))
      return { range: { numbers: { ...without(around, low, high), ...limits } } }
    }
    const limits = ends(low, high, ({ value }) => pair(field, value))
    return this.#unlessLong(side, {
      range: { pairs: { ...without(around, low, high), ...limits } },
    })
  }

  /** Whole words in a row are a phrase. Of several words with wildcards each is looked for, and
   *  nobody says where. */
  #words(words: readonly string[], side: Side): Clause {
    const wild = words.filter((word) => /[*?]/.test(word))
    if (wild.length === 0) return phrase(words)
    const clauses = wild
      .filter((word) => word.length <= patternCharsMax)
      .map((word): Clause => ({ wildcard: { words: { value: cheap(word) } } }))
    const [only] = clauses
    const sure = words.length === 1 && wild.every(isCheap)
    if (sure && only !== undefined) return this.#unlessLong(side, only)
    const all: Clause = { bool: { filter: [...clauses, ...wholeWords(words)] } }
    return this.#unsure(side, anyOf([all, longOnes]))
  }
}

/** The runs of whole words between those with wildcards. */
function wholeWords(words: readonly string[]): Clause[] {
  return words
    .map((word) => (/[*?]/.test(word) ? ' ' : word))
    .join('\n')
    .split(/\n? \n?/)
    .filter((run) => run !== '')
    .map((run) => phrase(run.split('\n')))
}

function phrase(words: readonly string[]): Clause {
  const terms = words.map(wordTerm)
  const [only] = terms
  if (terms.length === 1 && only !== undefined) return { term: { words: only } }
  return { match_phrase: { words: { query: terms.join(' '), analyzer: 'whitespace' } } }
}

/** An automaton for `?` behind a `*` doubles with each `?`. */
function isCheap(pattern: string): boolean {
  return pattern.length <= patternCharsMax && !/\*[^]*\?/.test(pattern.replace(/\\./gsu, '_'))
}

/** The pattern if it is cheap, else one that matches more. */
function cheap(pattern: string): string {
  if (isCheap(pattern)) return pattern
  return pattern.replace(/\\.|\?/gsu, (part) => (part === '?' ? '*' : part))
}

function escaped(text: string): string {
  return text.replace(/[\\*?]/g, '\\$&')
}

/** Both ends as Elasticsearch names them. */
function ends<T>(
  low: Bound | null,
  high: Bound | null,
  read: (bound: Bound) => T,
): { gte?: T; gt?: T; lte?: T; lt?: T } {
  return {
    ...(low === null ? {} : { [low.inclusive ? 'gte' : 'gt']: read(low) }),
    ...(high === null ? {} : { [high.inclusive ? 'lte' : 'lt']: read(high) }),
  }
}

/** The ends of a field's own terms, for the sides that are open. */
function without(
  around: { readonly gte: string; readonly lt: string },
  low: Bound | null,
  high: Bound | null,
): { gte?: string; lt?: string } {
  return {
    ...(low === null ? { gte: around.gte } : {}),
    ...(high === null ? { lt: around.lt } : {}),
  }
}

function anyOf(should: Clause[]): Clause {
  return { bool: { should, minimum_should_match: 1 } }
}

function not(clause: Clause): Clause {
  return { bool: { must_not: [clause] } }
}

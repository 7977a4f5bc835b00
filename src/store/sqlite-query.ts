/** Query → what SQLite can narrow a search down by. Every part is an upper bound: it holds for each
 *  event that matches, and maybe for others, so that the exact decision is left to query/match.ts.
 *  Decided so because SQLite's own comparisons differ in the corners (its GLOB backtracks, its
 *  numbers and its Unicode are not JavaScript's), and one reading of the language is enough.
 *  Whatever comes from the query is a bound parameter. */
import { parseIsoTime } from '../flow/time.ts'
import { isNumber, type Query } from '../query/tree.ts'
import { ownFields } from './event-values.ts'
import { serviceKey } from './service-key.ts'

/** Conditions and phrases of one statement; SQLite bounds the depth of its expressions. Further
 *  ones are left to the exact decision. */
const conditionsMax = 100
const phrasesMax = 100

/** A part of a WHERE clause and its parameters. */
export interface Condition {
  readonly sql: string
  readonly values: readonly (string | number)[]
}

/** A condition on a row of `event`; null when the query gives none. */
export function rowCondition(query: Query): Condition | null {
  return conditionOf(query, { left: conditionsMax })
}

/** A condition that an index of `event` serves: one signature; null when the query gives none. */
export function signatureCondition(query: Query): Condition | null {
  const parts = query.kind === 'and' ? query.parts : [query]
  for (const part of parts) {
    if (part.kind === 'is' && part.field === 'signature') {
      return { sql: 'signature = ?', values: [part.value] }
    }
  }
  return null
}

/** An FTS5 expression over `event_words`; null when events without any given word may match. */
export function wordsExpression(query: Query): string | null {
  return expressionOf(query, { left: phrasesMax })
}

interface Budget {
  left: number
}

function expressionOf(query: Query, budget: Budget): string | null {
  switch (query.kind) {
    case 'words': {
      const phrases = phrasesOf(query.words)
      budget.left -= phrases.length
      return phrases.length === 0 || budget.left < 0 ? null : phrases.join(' AND ')
    }
    case 'and': {
      const parts = query.parts.map((part) => expressionOf(part, budget))
      return joined(
        parts.filter((part) => part !== null),
        'AND',
      )
    }
    case 'or': {
      const parts = query.parts.map((part) => expressionOf(part, budget))
      return parts.includes(null)
        ? null
        : joined(
            parts.filter((part) => part !== null),
            'OR',
          )
    }
    case 'not':
    case 'all':
    case 'exists':
    case 'is':
    case 'like':
    case 'range':
      return null
  }
}

/** Runs of whole words as phrases, words with wildcards by what stands before the first one. */
function phrasesOf(words: readonly string[]): string[] {
  const phrases: string[] = []
  let run: string[] = []
  const end = (): void => {
    if (run.length > 0) phrases.push(quoted(run.join(' ')))
    run = []
  }
  for (const word of words) {
    const head = word.slice(0, word.search(/[*?]|$/))
    if (head === word) {
      run.push(word)
      continue
    }
    end()
    if (head !== '') phrases.push(`${quoted(head)} *`)
  }
  end()
  return phrases
}

function quoted(text: string): string {
  return `"${text.replaceAll('"', '""')}"`
}

function conditionOf(query: Query, budget: Budget): Condition | null {
  switch (query.kind) {
    case 'all':
    case 'words':
      return null
    case 'and':
    case 'or': {
      const parts = query.parts.map((part) => conditionOf(part, budget))
      if (query.kind === 'or' && parts.includes(null)) return null
      const given = parts.filter((part) => part !== null)
      const sql = joined(
        given.map((part) => part.sql),
        query.kind === 'or' ? 'OR' : 'AND',
      )
      return sql === null ? null : { sql, values: given.flatMap((part) => part.values) }
    }
    case 'not': {
      // Of the leaves only this one is exact, so that its contrary is a bound as well.
      if (query.part.kind !== 'exists') return null
      const part = conditionOf(query.part, budget)
      return part === null ? null : { sql: `NOT (${part.sql})`, values: part.values }
    }
    case 'exists':
    case 'is':
    case 'like':
    case 'range': {
      budget.left -= 1
      return budget.left < 0 ? null : leafOf(query)
    }
  }
}

function leafOf(query: Extract<Query, { readonly field: string }>): Condition | null {
  if (query.field === 'time') return timeOf(query)
  const value = columnOf(query.field)
  if (value === null) return null
  if (query.kind === 'is') return isOf(query.field, query.value, value)
  return { sql: `${value.sql} IS NOT NULL`, values: value.values }
}

function timeOf(query: Extract<Query, { readonly field: string }>): Condition | null {
  if (query.kind === 'is') return { sql: 'time = ?', values: [parseIsoTime(query.value)] }
  if (query.kind !== 'range') return null
  const ends: Condition[] = []
  if (query.low !== null) ends.push({ sql: 'time >= ?', values: [parseIsoTime(query.low.value)] })
  if (query.high !== null) ends.push({ sql: 'time <= ?', values: [parseIsoTime(query.high.value)] })
  return {
    sql: ends.map(({ sql }) => sql).join(' AND '),
    values: ends.flatMap(({ values }) => values),
  }
}

/** Where a field's value stands; null for names that a JSON path could take for something else. */
function columnOf(field: string): Condition | null {
  if (!/^[A-Za-z_@][A-Za-z0-9_.@-]*$/.test(field)) return null
  if (field === 'signature') return { sql: 'signature', values: [] }
  if (field === 'service') return { sql: `nullif(service, '')`, values: [] }
  if ((ownFields as readonly string[]).includes(field)) {
    return { sql: 'document ->> ?', values: [`$."${field}"`] }
  }
  const inFields = `$.fields."${field}"`
  if (field !== 'status') return { sql: 'document ->> ?', values: [inFields] }
  return { sql: 'coalesce(document ->> ?, document ->> ?)', values: [inFields, '$.status'] }
}

function isOf(field: string, wanted: string, value: Condition): Condition | null {
  // These do not come out of SQLite's JSON as they went in.
  if (/[\0\uFFFD\uD800-\uDFFF]/.test(wanted)) return null
  const text = field === 'service' ? serviceKey(wanted) : wanted
  if (!isNumber(wanted)) {
    return { sql: `${value.sql} = ?`, values: [...value.values, text] }
  }
  // A number may have been kept as one; only whole ones are sure to be written in one way.
  return {
    sql: `(${value.sql} = ? OR typeof(${value.sql}) = 'real' OR ${value.sql} = ?)`,
    values: [...value.values, text, ...value.values, ...value.values, Number(wanted)],
  }
}

function joined(parts: readonly string[], operator: 'AND' | 'OR'): string | null {
  const [only] = parts
  if (only === undefined) return null
  return parts.length === 1 ? only : parts.map((part) => `(${part})`).join(` ${operator} `)
}

/** Tree → predicate, over the columns of a batch or the labels of an alert. Column look-ups are
 *  resolved once per batch; a field that no row has folds to a constant. Reads what a parser found
 *  and never parses lines itself.
 *
 *  Values are compared exactly and with case; only words of the message are folded. */
import { ConstantColumn, SpanColumn, lineText } from '../model/columns.ts'
import type { Column, Columns } from '../model/columns.ts'
import { isoTime, parseIsoTime } from '../flow/time.ts'
import { fold, isNumber, messageField, wordsOf } from './tree.ts'
import type { Bound, Query } from './tree.ts'
import { compilePattern } from './pattern.ts'

type Predicate = (row: number) => boolean

/** What of a field a query may ask; a Column is one. */
export type Reader = Pick<Column, 'text' | 'number' | 'has'>

/** Where a tree is bound to. */
interface Target {
  /** null: no row has the field. */
  field(name: string): Reader | null
  /** Every text that a bare term may match in, for a row. */
  texts(row: number): readonly string[]
}

/** Every row matches; so known before any is looked at. */
export const always: Predicate = () => true
/** No row matches. */
export const never: Predicate = () => false

/**
 * Binds a query to one batch.
 * @returns Whether a row (an event; continuations are the caller's to skip) matches.
 */
export function bindQuery(query: Query, columns: Columns): Predicate {
  const time: Reader = {
    text: (row) => (isTimed(columns, row) ? isoTime(columns.time[row] ?? NaN) : null),
    number: (row) => (isTimed(columns, row) ? (columns.time[row] ?? null) : null),
    has: (row) => isTimed(columns, row),
  }
  const message = columns.fields.get(messageField)
  return bind(query, {
    field: (name) => (name === 'time' ? time : (columns.fields.get(name) ?? null)),
    texts: (row) => [message?.text(row) ?? lineText(columns, row)],
  })
}

/** Matches a query against labels. A bare term looks at `message`, and where there is none at every
 *  value. */
export function matchLabels(query: Query, labels: Readonly<Record<string, string>>): boolean {
  const values = new Map(Object.entries(labels))
  const message = values.get(messageField)
  const matches = bind(query, {
    field: (name) => {
      const value = values.get(name)
      if (value === undefined) return null
      return name === 'time' ? timeLabel(value) : new ConstantColumn(value)
    },
    texts: () => (message === undefined ? [...values.values()] : [message]),
  })
  return matches(0)
}

/** Binds a query to whatever has fields and texts. */
export function bind(query: Query, target: Target): Predicate {
  switch (query.kind) {
    case 'all':
      return always
    case 'not': {
      const part = bind(query.part, target)
      if (part === always) return never
      return part === never ? always : (row) => !part(row)
    }
    case 'and':
      return bindAll(query.parts.map((part) => bind(part, target)))
    case 'or':
      return bindAny(query.parts.map((part) => bind(part, target)))
    case 'words':
      return bindWords(query.words, target)
    case 'exists':
    case 'is':
    case 'like':
    case 'range': {
      const reader = target.field(query.field)
      if (reader === null) return never
      const predicate = bindField(query, reader)
      // The value of a constant column decides for every row of the batch.
      return reader instanceof ConstantColumn ? (predicate(0) ? always : never) : predicate
    }
  }
}

function bindAll(parts: readonly Predicate[]): Predicate {
  if (parts.includes(never)) return never
  const open = parts.filter((part) => part !== always)
  const [first, second] = open
  if (first === undefined) return always
  if (second === undefined) return first
  if (open.length === 2) return (row) => first(row) && second(row)
  return (row) => open.every((part) => part(row))
}

function bindAny(parts: readonly Predicate[]): Predicate {
  if (parts.includes(always)) return always
  const open = parts.filter((part) => part !== never)
  const [first, second] = open
  if (first === undefined) return never
  if (second === undefined) return first
  if (open.length === 2) return (row) => first(row) || second(row)
  return (row) => open.some((part) => part(row))
}

type FieldQuery = Extract<Query, { readonly field: string }>

function bindField(query: FieldQuery, reader: Reader): Predicate {
  switch (query.kind) {
    case 'exists':
      return (row) => reader.has(row)
    case 'is':
      return bindIs(query.field, query.value, reader)
    case 'like': {
      const matches = compilePattern(query.pattern)
      return (row) => {
        const text = reader.text(row)
        return text !== null && matches(text)
      }
    }
    case 'range':
      return bindRange(query.field, query.low, query.high, reader)
  }
}

function bindIs(field: string, value: string, reader: Reader): Predicate {
  if (field === 'time') {
    const time = parseIsoTime(value)
    return (row) => reader.number(row) === time
  }
  if (reader instanceof SpanColumn && !/[\uFFFD\uD800-\uDFFF]/.test(value)) {
    return bindBytes(Buffer.from(value), reader)
  }
  return (row) => reader.text(row) === value
}

/** Equality without decoding. Sound as long as the value has no U+FFFD, which invalid bytes
 *  decode to. */
function bindBytes(value: Buffer, { bytes, start, end }: SpanColumn): Predicate {
  return (row) => {
    const from = start[row] ?? -1
    const to = end[row] ?? 0
    if (from < 0 || to - from !== value.length) return false
    for (let i = 0; i < value.length; i += 1) {
      if (bytes[from + i] !== value[i]) return false
    }
    return true
  }
}

function bindRange(
  field: string,
  low: Bound | null,
  high: Bound | null,
  reader: Reader,
): Predicate {
  const bounds = [low, high].filter((bound) => bound !== null)
  if (field !== 'time' && !bounds.every((bound) => isNumber(bound.value))) {
    return bindTextRange(low, high, reader)
  }
  const read = field === 'time' ? parseIsoTime : Number
  const from = low === null ? -Infinity : read(low.value)
  const to = high === null ? Infinity : read(high.value)
  const [withFrom, withTo] = [low?.inclusive ?? true, high?.inclusive ?? true]
  return (row) => {
    const value = reader.number(row)
    if (value === null) return false
    return (withFrom ? value >= from : value > from) && (withTo ? value <= to : value < to)
  }
}

function bindTextRange(low: Bound | null, high: Bound | null, reader: Reader): Predicate {
  return (row) => {
    const text = reader.text(row)
    if (text === null) return false
    const above = low === null ? 1 : compareCodePoints(text, low.value)
    const below = high === null ? -1 : compareCodePoints(text, high.value)
    return (
      (above > 0 || (above === 0 && low?.inclusive === true)) &&
      (below < 0 || (below === 0 && high?.inclusive === true))
    )
  }
}

/** JavaScript's own `<` compares UTF-16 units, which puts emoji before U+FF00. */
function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  let i = 0
  while (i < length && a.charCodeAt(i) === b.charCodeAt(i)) i += 1
  if (i === length) return a.length - b.length
  return rank(a.charCodeAt(i)) - rank(b.charCodeAt(i))
}

/** Orders UTF-16 units as their code points: surrogates last. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit
}

function bindWords(words: readonly string[], target: Target): Predicate {
  const tests = words.map((word) => compilePattern(word))
  // Most lines lack the word altogether, which a plain search tells faster than cutting words.
  const literal = words.find((word) => !/[*?]/.test(word)) ?? ''
  return (row) =>
    target.texts(row).some((text) => {
      const folded = fold(text)
      return folded.includes(literal) && hasRun(wordsOf(folded), tests)
    })
}

/** True when consecutive words pass the tests in order. */
function hasRun(words: readonly string[], tests: readonly ((word: string) => boolean)[]): boolean {
  for (let from = 0; from + tests.length <= words.length; from += 1) {
    if (tests.every((test, i) => test(words[from + i] ?? ''))) return true
  }
  return false
}

function isTimed(columns: Columns, row: number): boolean {
  return !Number.isNaN(columns.time[row] ?? NaN)
}

function timeLabel(value: string): Reader {
  const time = parseIsoTime(value)
  return {
    text: () => value,
    number: () => (Number.isNaN(time) ? null : time),
    has: () => true,
  }
}

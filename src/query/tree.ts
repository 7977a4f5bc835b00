/** The tree of a query: what parsing gives and every target reads. Leaves out how it is written
 *  (query.ts), how it is matched (match.ts) and how it is printed (format.ts). */

/** One end of a range. */
export interface Bound {
  readonly value: string
  readonly inclusive: boolean
}

/** A checked query. Field names are ours: aliases are resolved while parsing. */
export type Query =
  | { readonly kind: 'all' }
  | { readonly kind: 'and'; readonly parts: readonly Query[] }
  | { readonly kind: 'or'; readonly parts: readonly Query[] }
  | { readonly kind: 'not'; readonly part: Query }
  /** The field has a value. */
  | { readonly kind: 'exists'; readonly field: string }
  /** The whole value, case-sensitive. */
  | { readonly kind: 'is'; readonly field: string; readonly value: string }
  /** A pattern over the whole value: `*` any run, `?` one character, `\` takes the next as is. */
  | { readonly kind: 'like'; readonly field: string; readonly pattern: string }
  /** null: open on that side; at most one side is. */
  | {
      readonly kind: 'range'
      readonly field: string
      readonly low: Bound | null
      readonly high: Bound | null
    }
  /** Consecutive words of the message, folded; `*` and `?` are wildcards inside one word. */
  | { readonly kind: 'words'; readonly words: readonly string[] }

/** The query that every event matches. */
export const everything: Query = { kind: 'all' }

/** The field that bare terms look at. */
export const messageField = 'message'

/** The names of all fields that a query looks at. */
export function queryFields(query: Query): Set<string> {
  const fields = new Set<string>()
  const waiting = [query]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.kind === 'and' || next.kind === 'or') waiting.push(...next.parts)
    else if (next.kind === 'not') waiting.push(next.part)
    else if (next.kind === 'words') fields.add(messageField)
    else if (next.kind !== 'all') fields.add(next.field)
  }
  return fields
}

/** Text with case folded, as words are compared. */
export function fold(text: string): string {
  return text.toLowerCase()
}

/** Runs of letters and digits, as SQLite's unicode61 tokenizer cuts them too. */
export function wordsOf(folded: string): string[] {
  return folded.match(/[\p{L}\p{N}]+/gu) ?? []
}

/** A number as it may stand in a range; hex and infinities are text. */
export function isNumber(text: string): boolean {
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)
}

/** An RFC 3339 time with its zone. */
export function isTime(text: string): boolean {
  return (
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text) &&
    !Number.isNaN(Date.parse(text))
  )
}

/** Lucene query text → tree, by recursive descent. Matching is match.ts, printing format.ts.
 *  Two terms side by side mean AND, other than in Kibana, and a group of values needs its OR
 *  written out: docs/decisions/2026-11-23-own-query-parser.md says why, and why no library. */
import { readClause, takeField } from './clause.ts'
import { Cursor, queryCharsMax, queryFault } from './text.ts'
import { messageField } from './tree.ts'
import type { Query } from './tree.ts'

export { formatQuery } from './format.ts'
export { everything, messageField, queryFields } from './tree.ts'
export type { Query } from './tree.ts'

/** Deepest nesting of parentheses and NOTs. */
const depthMax = 64

/**
 * Reads a query. Binding power, strongest first: NOT ! + -, then AND && and mere adjacency,
 * then OR ||.
 * @throws LastpushError QUERY_INVALID with one fault that has the column.
 */
export function parseQuery(text: string): Query {
  if (text.length > queryCharsMax) {
    const limit = `a query has at most ${queryCharsMax} characters`
    throw queryFault(text, queryCharsMax, `${limit}, this one has ${text.length}`)
  }
  const cursor = new Cursor(text)
  cursor.skipSpace()
  if (cursor.done) throw cursor.fault('the query is empty; write * for every event')
  const query = readOr(cursor, null, 0)
  if (!cursor.done) throw cursor.fault('there is no ( for this )')
  return query
}

/** @param field The field of an enclosing `field:( … )`, null outside of one. */
function readOr(cursor: Cursor, field: string | null, depth: number): Query {
  const parts = [readAnd(cursor, field, depth)]
  while (cursor.takeWord('OR') || cursor.take('||')) {
    cursor.skipSpace()
    parts.push(readAnd(cursor, field, depth))
  }
  return joined('or', parts)
}

function readAnd(cursor: Cursor, field: string | null, depth: number): Query {
  const parts = [readUnary(cursor, field, depth)]
  for (;;) {
    if (cursor.done || cursor.next === ')') break
    if (cursor.seesWord('OR') || cursor.text.startsWith('||', cursor.at)) break
    const at = cursor.at
    const written = cursor.takeWord('AND') || cursor.take('&&')
    cursor.skipSpace()
    const part = readUnary(cursor, field, depth)
    if (!written) refuseTwoValues(cursor, field, at, parts.at(-1), part)
    parts.push(part)
  }
  return joined('and', parts)
}

/** `status:(500 502)` means OR in Kibana and would never match as AND: neither is guessed. */
function refuseTwoValues(
  cursor: Cursor,
  field: string | null,
  at: number,
  before: Query | undefined,
  part: Query,
): void {
  if (field === null || field === messageField) return
  if (before?.kind === 'is' && part.kind === 'is') {
    throw cursor.fault(`write OR between the values: a ${field} cannot have two at once`, at)
  }
}

function readUnary(cursor: Cursor, field: string | null, depth: number): Query {
  if (depth > depthMax) throw cursor.fault(`the query is nested deeper than ${depthMax} levels`)
  if (takesNot(cursor)) {
    cursor.skipSpace()
    return { kind: 'not', part: readUnary(cursor, field, depth + 1) }
  }
  if (cursor.next === '+' && /^\+\S/.test(cursor.rest.slice(0, 2))) cursor.at += 1
  const query = readPrimary(cursor, field, depth)
  cursor.skipSpace()
  return query
}

function takesNot(cursor: Cursor): boolean {
  if (cursor.takeWord('NOT') || cursor.take('!')) return true
  return /^-\S/.test(cursor.rest.slice(0, 2)) && cursor.take('-')
}

function readPrimary(cursor: Cursor, field: string | null, depth: number): Query {
  if (cursor.next === '(') return readGroup(cursor, field, depth)
  if (field !== null) return readClause(cursor, field)
  if (cursor.take('*:*')) return { kind: 'all' }
  const own = takeField(cursor)
  cursor.skipSpace()
  if (own !== null && cursor.next === '(') return readGroup(cursor, own, depth)
  return readClause(cursor, own)
}

function readGroup(cursor: Cursor, field: string | null, depth: number): Query {
  const open = cursor.at
  cursor.at += 1
  cursor.skipSpace()
  if (cursor.next === ')') throw cursor.fault('there is nothing in these parentheses', open)
  const query = readOr(cursor, field, depth + 1)
  if (!cursor.take(')')) throw cursor.fault('this ( is not closed; add a )', open)
  return query
}

/** Flat: an AND of ANDs is one AND. */
function joined(kind: 'and' | 'or', parts: readonly Query[]): Query {
  const [only] = parts
  if (only !== undefined && parts.length === 1) return only
  return { kind, parts: parts.flatMap((part) => (part.kind === kind ? part.parts : [part])) }
}

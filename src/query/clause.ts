/** One clause of a query: a term, a phrase, or `field:` with its value, range or comparison, as a
 *  node of the tree. Leaves AND, OR, NOT and parentheses to query.ts. */
import { fold, isNumber, isTime, messageField, wordsOf } from './tree.ts'
import type { Bound, Query } from './tree.ts'
import { readBare, readQuoted } from './text.ts'
import type { Cursor, Written } from './text.ts'
import { fieldNamed } from './aliases.ts'

const fieldPattern = /([A-Za-z_@][A-Za-z0-9_.@-]*):/y

/** Takes `name:` if it stands ahead. An address such as `http://x` is a term. */
export function takeField(cursor: Cursor): string | null {
  fieldPattern.lastIndex = cursor.at
  const name = fieldPattern.exec(cursor.text)?.[1]
  if (name === undefined) return null
  const after = cursor.at + name.length + 1
  if (/^(?:https?|ftp)$/.test(name) && cursor.text.startsWith('//', after)) return null
  cursor.at = after
  return fieldNamed(name)
}

/** Reads what stands behind `field:`, or a term when the field is null. */
export function readClause(cursor: Cursor, field: string | null): Query {
  if (field !== null && (cursor.next === '[' || cursor.next === '{'))
    return readRange(cursor, field)
  const comparison = /^[<>]=?/.exec(cursor.rest.slice(0, 2))?.[0]
  if (field !== null && comparison !== undefined) return readComparison(cursor, field, comparison)
  if (cursor.next === '"') return ofValue(cursor, field, readQuoted(cursor))
  refuseStart(cursor, field)
  return ofValue(cursor, field, readBare(cursor))
}

function refuseStart(cursor: Cursor, field: string | null): void {
  const { next } = cursor
  const what = field === null ? 'a term' : `a value for ${field}`
  if (next === '' || next === ')') throw cursor.fault(`${what} is missing here`)
  for (const word of ['AND', 'OR', 'NOT', '&&', '||']) {
    if (!cursor.seesWord(word)) continue
    throw cursor.fault(`${what} is missing before ${word}; for the text itself write "${word}"`)
  }
  if (next === '!') throw cursor.fault('write NOT before the field, or \\! for the character')
  if (field !== null) return
  if (next === ':') throw cursor.fault('a field name is missing before the colon')
  if (next === '[' || next === '{') {
    throw cursor.fault(`a range needs a field, as in status:[500 TO 599]; for text write \\${next}`)
  }
  if (next === '<' || next === '>') {
    throw cursor.fault(`a comparison needs a field, as in status:>=500; for text write \\${next}`)
  }
}

function ofValue(cursor: Cursor, field: string | null, value: Written): Query {
  if (value.text === '' && !value.quoted) throw cursor.fault('a value is missing here', value.at)
  const everything = value.wild && /^\*+$/.test(value.pattern)
  if (field === '_exists_') return { kind: 'exists', field: fieldNamed(value.text) }
  if (field === null && everything) return { kind: 'all' }
  if (field !== null && everything) return { kind: 'exists', field }
  if (field === null && /^[\w.@*-]*\*[\w.@*-]*:/.test(value.pattern)) {
    throw cursor.fault('field names have no wildcards; name each field', value.at)
  }
  if (field === null || field === messageField) return ofWords(cursor, value)
  if (value.wild) return { kind: 'like', field, pattern: value.pattern }
  if (field === 'time' && !isTime(value.text)) throw timeFault(cursor, value)
  return { kind: 'is', field, value: value.text }
}

/** Wildcards stay inside their word; every other character but letters and digits parts words. */
function ofWords(cursor: Cursor, value: Written): Query {
  const folded = fold(value.wild ? value.pattern.replace(/\\./gsu, ' ') : value.text)
  const words = value.wild ? (folded.match(/[\p{L}\p{N}*?]+/gu) ?? []) : wordsOf(folded)
  if (!words.some((word) => /[^*]/.test(word))) {
    throw cursor.fault('there is no letter or digit to look for in this text', value.at)
  }
  return { kind: 'words', words }
}

function readComparison(cursor: Cursor, field: string, operator: string): Query {
  const at = cursor.at
  cursor.at += operator.length
  cursor.skipSpace()
  const value = readEnd(cursor, '')
  const bound = checkedBound(cursor, field, value, operator.endsWith('='))
  if (bound === null) throw cursor.fault(`a value is missing after ${operator}`, at)
  const low = operator.startsWith('>')
  return { kind: 'range', field, low: low ? bound : null, high: low ? null : bound }
}

/** `[a TO b]`, `{a TO b}` and mixed; `*` leaves a side open. */
function readRange(cursor: Cursor, field: string): Query {
  const at = cursor.at
  const lowInclusive = cursor.next === '['
  cursor.at += 1
  cursor.skipSpace()
  const first = readEnd(cursor, ']}')
  cursor.skipSpace()
  if (!cursor.takeWord('TO')) {
    throw cursor.fault('expected TO (in capitals), as in [500 TO 599]')
  }
  cursor.skipSpace()
  const second = readEnd(cursor, ']}')
  cursor.skipSpace()
  const highInclusive = cursor.next === ']'
  if (!highInclusive && cursor.next !== '}') {
    throw cursor.fault('the range is not closed; expected ] or } here')
  }
  cursor.at += 1
  const low = checkedBound(cursor, field, first, lowInclusive)
  const high = checkedBound(cursor, field, second, highInclusive)
  if (low === null && high === null) return { kind: 'exists', field }
  if (low !== null && high !== null && isEmptyRange(field, low, high)) {
    throw cursor.fault(`no value lies in this range; the lower end comes first`, at)
  }
  return { kind: 'range', field, low, high }
}

function readEnd(cursor: Cursor, ends: string): Written {
  if (cursor.next === '"') return readQuoted(cursor)
  const value = readBare(cursor, ends)
  if (value.text === '') throw cursor.fault('a value is missing here; * leaves a side open')
  return value
}

/** null for an open side. */
function checkedBound(
  cursor: Cursor,
  field: string,
  value: Written,
  inclusive: boolean,
): Bound | null {
  if (field === messageField || field === 'level') {
    const instead = field === 'level' ? 'level:(error OR crit)' : 'message:word'
    throw cursor.fault(`${field} has no order, so no ranges; write ${instead}`, value.at)
  }
  if (value.wild && value.text === '*') return null
  if (value.wild) throw cursor.fault('a range has no wildcards; put a \\ before it', value.at)
  if (field === 'time' && !isTime(value.text)) throw timeFault(cursor, value)
  return { value: value.text, inclusive }
}

function timeFault(cursor: Cursor, value: Written): Error {
  const example = '2026-11-23T14:02:11Z'
  return cursor.fault(`a time is written like ${example}, with its zone`, value.at)
}

function isEmptyRange(field: string, low: Bound, high: Bound): boolean {
  const numbers = isNumber(low.value) && isNumber(high.value)
  if (!numbers && field !== 'time') return false
  const read = field === 'time' ? Date.parse : Number
  const [from, to] = [read(low.value), read(high.value)]
  return from > to || (from === to && !(low.inclusive && high.inclusive))
}

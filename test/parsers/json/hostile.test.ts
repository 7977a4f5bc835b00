/** Lines that somebody has written to be slow, each a mebibyte: time grows with their length, and what
 *  is remembered of them does not. */
import { expect, test } from 'vitest'
import { rowKind } from '../../../src/model/columns.ts'
import { jsonParser } from '../../../src/parsers/json.ts'

const bytes = 1_048_576
const fill = (piece: string): string => piece.repeat(Math.ceil(bytes / piece.length))
const numbered = (of: (n: number) => string, count: number): string =>
  Array.from({ length: count }, (_, n) => of(n)).join(',')

/** `Aa` and `BB` have one hash, so these have as well. */
const ofOneHash = (n: number): string =>
  n.toString(2).padStart(17, '0').replaceAll('0', 'Aa').replaceAll('1', 'BB')

const lines: readonly (readonly [name: string, line: string, events: boolean])[] = [
  ['quotes', fill('"'), false],
  ['open objects', fill('{"a":'), false],
  ['open lists', `{"a":${fill('[')}`, false],
  ['a string of escapes', `{"msg":"${fill('\\"')}"}`, true],
  ['a string of escaped characters', `{"msg":"${fill('\\u00e9')}"}`, true],
  ['half surrogates', `{"msg":"${fill('\\ud800')}"}`, true],
  ['white space', `{${fill(' \t\r')}}`, true],
  ['a long number', `{"n":${fill('7')}}`, true],
  ['zeros', `{"n":0.${fill('0')}1}`, true],
  ['lists of lists', `{"a":[${fill('[[[]]],')}1]}`, true],
  ['one key again and again', `{${fill('"a":1,')}"a":1}`, true],
  ['one name of ours', `{${fill('"msg":1,')}"msg":1}`, true],
  ['a time that is none', `{${fill('"ts":true,')}"a":0}`, false],
  ['a level that is none', `{${fill('"lvl":"odd",')}"level":"warn"}`, true],
  ['distinct keys', `{${numbered((n) => `"k${n}":1`, 100_000)}}`, true],
  ['distinct objects', `{${numbered((n) => `"k${n}":{"a":1}`, 60_000)}}`, true],
  ['keys of one hash', `{${numbered((n) => `"${ofOneHash(n)}":1`, 25_000)}}`, true],
  ['leaves below a long name', `{"${'x'.repeat(250)}":{${fill('"a":1,')}"a":1}}`, true],
  ['keys that begin alike', `{${fill(`"${'x'.repeat(1_000)}y":1,"${'x'.repeat(1_000)}z":1,`)}"a":1}`, true],
] // prettier-ignore

test.each(lines)('%s are read in time that grows with their length', (_name, line, isEvent) => {
  const batch = Buffer.from(`${line}\n{"msg":"after"}`)
  const parse = () => jsonParser('json').parse(batch, { zone: 'UTC', open: false })
  // The least of three: CPU time is that of all threads of the process.
  const costs = [1, 2, 3].map(() => {
    const before = process.cpuUsage().user
    parse()
    return ((process.cpuUsage().user - before) * 1_000) / batch.length
  })
  const columns = parse()
  expect(columns.kind[0]).toBe(isEvent ? rowKind.event : rowKind.unparsed)
  expect(columns.fields.get('message')?.text(1)).toBe('after')
  expect(Math.min(...costs)).toBeLessThan(500)
})

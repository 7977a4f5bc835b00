import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  documentId,
  documentSource,
  documentVersion,
  indexEnd,
  indexName,
  sortableNumber,
  wordTerm,
} from '../../src/store/elasticsearch-mapping.ts'
import { eventOf } from '../contract/store-samples.ts'

test('numbers sort as text as they do as numbers', () => {
  const number = fc.oneof(fc.double({ noNaN: true }), fc.integer(), fc.constantFrom(0, -0, 1e-320))
  fc.assert(
    fc.property(number, number, (a, b) => {
      const [x, y] = [sortableNumber(a), sortableNumber(b)]
      expect(x).toMatch(/^[0-9a-f]{16}$/)
      expect(x < y).toBe(a < b)
      expect(x === y).toBe(a === b)
    }),
  )
})

test.each([
  ['2026-11-23T12:00:00Z', 'p-2026.11'],
  ['2026-11-30T23:59:59.999Z', 'p-2026.11'],
  ['2000-01-01T00:00:00Z', 'p-2000.01'],
  ['1999-12-31T23:59:59Z', 'p-other'],
  ['1969-12-31T23:59:59Z', 'p-other'],
  ['+012026-11-23T12:00:00Z', 'p-other'],
])('events of %s lie in %s', (time, name) => {
  expect(indexName('p', Date.parse(time))).toBe(name)
})

test('S17: names of indices are made of digits, whatever the time', () => {
  const time = fc.integer({ min: -8.64e15, max: 8.64e15 })
  fc.assert(
    fc.property(time, (ms) => {
      expect(indexName('p', ms)).toMatch(/^p-(?:\d{4}\.\d\d|other)$/)
    }),
  )
})

test('a month ends where the next one begins', () => {
  expect(indexEnd('p', 'p-2026.12')).toBe(Date.UTC(2027, 0))
  for (const name of ['p-other', 'p-2026.11-copy', 'q-2026.11']) {
    expect(indexEnd('p', name)).toBeNull()
  }
})

test('long ids and words become hashes that stay apart', () => {
  expect(documentId('/var/log/a.log@7')).toBe('/var/log/a.log@7')
  expect(documentId('é'.repeat(256))).toHaveLength(256)
  const [a, b] = [documentId(`${'é'.repeat(256)}1`), documentId(`${'é'.repeat(256)}2`)]
  expect(a).toMatch(/^sha256:[0-9a-f]{64}$/)
  expect(a).not.toBe(b)
  expect(wordTerm('x'.repeat(255))).toBe('x'.repeat(255))
  expect(wordTerm('x'.repeat(256))).toMatch(/^[^\p{L}\p{N}\s]{64}$/u)
  expect(wordTerm('x'.repeat(256))).not.toBe(wordTerm('x'.repeat(257)))
})

test('a version grows with the stack', () => {
  const versions = [null, '', '#0', '#0\n#1'].map((stack) => documentVersion(eventOf({ stack })))
  expect(versions).toEqual([1, 2, 4, 7])
})

test('an event is sent as terms of a fixed set of fields', () => {
  const fields = {
    path: '/a',
    status: '503',
    'a\0b': 1,
    message: 'Boom! 7',
    big: 'v'.repeat(9_000),
  }
  const event = eventOf({ time: Date.UTC(2026, 10, 23), service: null, fields })
  const { pairs, ...rest } = documentSource(event) as { pairs: string[] }
  expect(pairs.filter((pair) => pair.length < 99)).toEqual([
    'time\u00002026-11-23T00:00:00.000Z',
    'path\0/a',
    'status\u0000503',
    'env\0production',
    'source\0app',
    'level\0error',
    'signature\0a1',
  ])
  expect(rest).toEqual({
    '@timestamp': '2026-11-23T00:00:00.000Z',
    time: 1_795_392_000_000,
    partition: 'app.log',
    position: 0,
    service: null,
    env: 'production',
    source: 'app',
    level: 'error',
    signature: 'a1',
    sha: null,
    names: [
      'time',
      'path',
      'status',
      'a\0b',
      'message',
      'big',
      'env',
      'source',
      'level',
      'signature',
    ],
    numbers: [`status\u0000${sortableNumber(503)}`],
    long: true,
    words: 'boom 7',
    document: event,
  })
})

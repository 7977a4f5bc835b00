import fc from 'fast-check'
import RE2 from 're2'
import { describe, expect, test } from 'vitest'
import { rowKind, type Columns } from '../../src/model/columns.ts'
import { rowFields } from '../../src/parsers/fields.ts'
import type { Parser } from '../../src/parsers/parser.ts'
import { declared, shipped, shippedParser } from './shipped.ts'

const context = { zone: 'UTC', open: false }

function firstFields(parser: Parser, line: string | Buffer): Record<string, unknown> {
  const columns = parser.parse(Buffer.from(line), context)
  return columns.kind[0] === rowKind.event ? rowFields(columns, 0) : { ...columns.unparsed(0) }
}

/** All that a parser says of each row, in plain values. */
function rowsOf(columns: Columns): unknown[] {
  return Array.from({ length: columns.rows }, (_, row) => ({
    kind: columns.kind[row],
    line: columns.bytes.toString('latin1', columns.lineStart[row], columns.lineEnd[row]),
    time: columns.time[row],
    fields: { ...rowFields(columns, row) },
    unparsed: columns.kind[row] === rowKind.unparsed ? columns.unparsed(row) : null,
  }))
}

describe('fields', () => {
  const typed = declared({
    patterns: ['i=(?<i>\\S*) f=(?<f>\\S*) p=(?<p>\\S*) s=(?<s>\\S*) u=(?<u>\\S*) t=(?<t>.*)'],
    fields: { i: 'int', f: 'float', p: 'ip', s: 'seconds', u: 'microseconds' },
    missing: ['-', 'n/a'],
  })

  test('have the types that are declared', () => {
    expect(firstFields(typed, 'i=-7 f=1.5e3 p=::1 s=1.001 u=2500 t=é x')).toEqual({
      i: -7,
      f: 1500,
      p: '::1',
      s: 1001,
      u: 2.5,
      t: 'é x',
    })
  })

  test('are absent when empty or when their whole text is a word for missing', () => {
    expect(firstFields(typed, 'i= f=- p=n/a s= u=- t=- -')).toEqual({ t: '- -' })
  })

  test.each([
    ['i=x f= p= s= u= t=', { reason: 'bad i', column: 3 }],
    ['i=é7 f= p= s= u= t=', { reason: 'bad i', column: 3 }],
    ['i= f=1. p= s= u= t=', { reason: 'bad f', column: 6 }],
    ['i= f= p=1.2.3 s= u= t=', { reason: 'bad p', column: 9 }],
    ['i= f= p= s=1:30 u= t=', { reason: 'bad s', column: 12 }],
  ])('not of their type leave the line unparsed: %s', (line, unparsed) => {
    expect(firstFields(typed, line)).toEqual(unparsed)
  })

  test('that are numbers beyond the doubles are kept as text', () => {
    expect(firstFields(typed, 'i=9007199254740993 f=1e999 p= s= u= t=')).toEqual({
      i: '9007199254740993',
      f: '1e999',
    })
  })

  test('of any name are data', () => {
    const hostile = declared({ patterns: ['(?<__proto__>a)(?<constructor>b)(?<toString>c)'] })
    const fields = rowFields(hostile.parse(Buffer.from('abc'), context), 0)
    expect(Object.entries(fields)).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['toString', 'c'],
    ])
    expect(({} as Record<string, unknown>)['polluted']).toBe(undefined)
  })

  test('named level become one of ours, by the words of the definition first', () => {
    const parser = declared({
      patterns: ['(?<level>.*)'],
      levels: { Sev1: 'alert', info: 'notice' },
    })
    const columns = parser.parse(Buffer.from('Sev1\ninfo\nWARNING\nodd\nsev1\n'), context)
    const level = columns.fields.get('level')
    expect([0, 1, 2, 3, 4].map((row) => level?.text(row))).toEqual([
      'alert',
      'notice',
      'warn',
      null,
      null,
    ])
    expect([...columns.kind]).toEqual([0, 0, 0, 0, 0])
  })
})

describe('patterns', () => {
  test('are tried in order, and one whose field is bad gives way to the next', () => {
    const parser = declared({
      patterns: ['n=(?<n>.*)', '(?<text>.*)'],
      fields: { n: 'int' },
    })
    const columns = parser.parse(Buffer.from('n=1\nn=x\n'), context)
    expect([rowFields(columns, 0), rowFields(columns, 1)]).toEqual([{ n: 1 }, { text: 'n=x' }])
  })

  test('leave nothing in the columns of a line that is unparsed in the end', () => {
    const parser = declared({
      patterns: ['(?<text>\\w+) (?<level>\\w+) (?<time>\\S+) (?<n>\\S+)'],
      time: { format: 'rfc3339' },
      fields: { n: 'int' },
    })
    const columns = parser.parse(Buffer.from('a error 2026-11-23T14:02:11Z x\n'), context)
    expect(rowFields(columns, 0)).toEqual({})
    expect(columns.time[0]).toBe(NaN)
    expect(columns.unparsed(0)).toEqual({ reason: 'bad n', column: 30 })
  })

  test('say where a line stops fitting, in characters', () => {
    const parser = declared({ patterns: ['\\[(?<a>[^\\]]*)\\] (?<b>\\d+) end'] })
    expect(firstFields(parser, '[é😀] 12 nd')).toEqual({
      reason: 'does not match own after "b"',
      column: 9,
    })
    expect(firstFields(parser, 'x')).toEqual({ reason: 'does not match own', column: 1 })
  })
})

describe('times', () => {
  test('are in the zone of the definition, else in that of the source', () => {
    const time = { format: '%Y-%m-%d %H:%M:%S' }
    const patterns = ['(?<time>.*)']
    const line = Buffer.from('2026-11-23 14:02:11')
    const berlin = { zone: 'Europe/Berlin', open: false }
    const times = [time, { ...time, zone: 'UTC' }].map(
      (given) => declared({ patterns, time: given }).parse(line, berlin).time[0],
    )
    expect(times).toEqual([Date.UTC(2026, 10, 23, 13, 2, 11), Date.UTC(2026, 10, 23, 14, 2, 11)])
  })
})

describe('events of several lines', () => {
  const parser = declared({ patterns: ['E (?<message>.*)'], continuation: '\\s.*|E more' })
  const kinds = (text: string, open: boolean) =>
    [...parser.parse(Buffer.from(text), { zone: 'UTC', open }).kind].join('')

  test('a continuation belongs to an open event, and is no event though a pattern takes it', () => {
    expect(kinds('E a\n b\nE more\nE c\n', false)).toBe('0110')
  })

  test('without an open event it is unparsed', () => {
    const columns = parser.parse(Buffer.from(' b\nE a\n'), context)
    expect([...columns.kind]).toEqual([rowKind.unparsed, rowKind.event])
    expect(columns.unparsed(0).reason).toBe('continues an event that is not here')
    expect(kinds(' b\nE a\n', true)).toBe('10')
  })

  test('an event stays open over lines that fit nothing', () => {
    expect(kinds('E a\n\n???\n b\n', false)).toBe('0221')
  })
})

/** Bytes near to log lines, broken ones and broken UTF-8 among them. */
const noise = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\n',
        '\r\n',
        ' ',
        '"',
        '[',
        ']',
        '\\',
        '-',
        'PHP ',
        '{',
        '}',
        ': ',
        'é',
        '😀',
      ),
      fc.constantFrom('1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET /a?b HTTP/1.1" 200 5'),
      fc.constantFrom('[23-Nov-2026 14:02:11 UTC] PHP Warning:  x in /a.php on line 3'),
      fc.constantFrom('2026/11/23 14:02:11 [error] 1#1: *2 x, client: y', '#0 {main}', '{"a":1}'),
      fc.constantFrom('[Sun Dec 04 04:47:44 2005] [error] x', ' "-" "agent"'),
      fc.uint8Array({ maxLength: 4 }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => Buffer.concat(parts.map((part) => Buffer.from(part as string))))

describe.each([...shipped.keys()])('%s', (name) => {
  const parser = shippedParser(name)

  test('takes any bytes without throwing, one row a line, and explains each unparsed one', () => {
    fc.assert(
      fc.property(noise, fc.boolean(), (bytes, open) => {
        const columns = parser.parse(bytes, { zone: 'Europe/Berlin', open })
        for (let row = 0; row < columns.rows; row++) {
          if (columns.kind[row] !== rowKind.unparsed) continue
          const { reason, column } = columns.unparsed(row)
          expect(reason).not.toBe('')
          expect(column).toBeGreaterThanOrEqual(1)
        }
      }),
    )
  })

  test('gives the same rows wherever the lines are cut into batches', () => {
    fc.assert(
      fc.property(noise, fc.array(fc.nat(400), { maxLength: 5 }), (bytes, cuts) => {
        const whole = rowsOf(parser.parse(bytes, context))
        const ends = cuts.map((cut) => bytes.indexOf(10, cut) + 1).filter((end) => end > 0)
        const parts: unknown[] = []
        let open = false
        let from = 0
        for (const end of [...ends.sort((a, b) => a - b), bytes.length]) {
          const columns = parser.parse(bytes.subarray(from, end), { zone: 'UTC', open })
          open ||= parser.multiline && columns.kind.includes(rowKind.event)
          parts.push(...rowsOf(columns))
          from = end
        }
        expect(parts).toEqual(whole)
      }),
    )
  })
})

test('spans are those of RE2 over the decoded line, as the bytes they came from', () => {
  const source = '(?<a>[^ ]*) (?<b>.)(?<c>.*?)(?: (?<d>[^x]+))?'
  const parser = declared({ patterns: [source] })
  const oracle = new RE2(`^(?:${source})$`)
  const piece = fc.oneof(
    fc.constantFrom(' ', 'x', 'é', '€', '😀', '\u2028', '\ufffd'),
    fc.uint8Array({ minLength: 1, maxLength: 3 }),
  )
  const line = fc
    .array(piece, { maxLength: 10 })
    .map((parts) => Buffer.concat(parts.map((part) => Buffer.from(part as string))))
    .filter((bytes) => bytes.length > 0 && !bytes.includes(10))
  fc.assert(
    fc.property(line, (bytes) => {
      const columns = parser.parse(bytes, context)
      const match = oracle.exec(bytes.toString('utf8'))
      expect(columns.kind[0] === rowKind.event).toBe(match !== null)
      if (match === null) return
      const expected = Object.entries(match.groups ?? {}).filter(([, text]) => text)
      expect(Object.entries(rowFields(columns, 0))).toEqual(expected)
    }),
    { numRuns: 2_000 },
  )
})

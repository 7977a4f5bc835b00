/** The byte reader against the plain parser, which is what it must be taken for: columns, order of
 *  fields, times, reasons and places, on whole documents, bent bytes and lines of alternating shapes. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ColumnRoom, rowKind, type Columns } from '../../../src/model/columns.ts'
import { fieldNames } from '../../../src/model/event.ts'
import { rowFields } from '../../../src/parsers/fields.ts'
import { jsonParser } from '../../../src/parsers/json.ts'
import { parseJsonPlainly } from './plain-parser.ts'

const zone = 'Europe/Berlin'
const numRuns = Number(process.env['LASTPUSH_CASES'] ?? 300)
/** Remembers shapes from case to case, as a daemon does from batch to batch. */
const parser = jsonParser('json')
const room = new ColumnRoom()

/** All that can be asked of a row. */
function told(columns: Columns, row: number): unknown {
  return {
    line: [columns.lineStart[row], columns.lineEnd[row]],
    kind: columns.kind[row],
    time: columns.time[row],
    fields: Object.entries(rowFields(columns, row)),
    asked: [...columns.fields].map(([name, column]) => [
      name,
      column.has(row),
      column.text(row),
      column.number(row),
      column.value(row),
    ]),
    unparsed: columns.kind[row] === rowKind.unparsed ? columns.unparsed(row) : null,
  }
}

function allTold(columns: Columns): unknown {
  return Array.from({ length: columns.rows }, (_, row) => told(columns, row))
}

function expectSame(bytes: Buffer): void {
  const expected = allTold(parseJsonPlainly(bytes, zone))
  expect(allTold(parser.parse(bytes, { zone, open: false }))).toEqual(expected)
  expect(allTold(parser.parse(bytes, { zone, open: false, room }))).toEqual(expected)
  expect(allTold(jsonParser('new').parse(bytes, { zone, open: false }))).toEqual(expected)
}

const oneOf = fc.constantFrom
const keys = oneOf(
  ...fieldNames,
  ...['@timestamp', 'timestamp', 'ts', 'log', 'severity', 'log.level', 'lvl', 'msg', 'error'],
  ...['err', 'type', 'stack_trace', 'http', 'response', 'request', 'status_code', 'url', 'id'],
  ...['name', 'k', 'k1', 'k2', 'é😀', 'a"b', '', 'x.y', '__proto__', 'x'.repeat(300)],
)
const text = fc.oneof(
  oneOf(
    '',
    'INFO',
    'warning',
    'odd',
    'a "quoted" word',
    'line\nline\t\\',
    'é😀\u2028',
    '\ud800',
    'x\udc00y',
  ),
  oneOf(
    '2026-11-23T14:02:11.123Z',
    '2026-11-23 14:02:11',
    '2026-11-23T14:02:59,5+02:00',
    '1795442531',
    'soon',
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
)
/** Numbers as somebody may write them. */
const numeral = fc.oneof(
  oneOf('0', '-0', '0.0', '1.50', '0.1', '1e3', '1E+2', '5e-324', '9007199254740993', '1e400', '1e-400', '0.0000001', '-1.25', '30', '50', '200', '1795442531.25', '1795442531123', '123456789012345', '0.123456789012345', '1234567890123456', '-7e-7', '0.000001'), // prettier-ignore
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.integer().map(String),
)
const quoted = fc.tuple(text, fc.boolean()).map(
  ([value, all]) =>
  all ? `"${[...value].map((each) => [...each.split('')].map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')).join('')}"` : JSON.stringify(value), // prettier-ignore
)
const space = oneOf('', '', '', ' ', '\t ', '\r')
const { value, object } = fc.letrec<{ value: string; object: string; list: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(quoted, numeral, oneOf('true', 'false', 'null')),
    tie('object'),
    tie('list'),
  ),
  list: fc
    .tuple(space, fc.array(tie('value'), { maxLength: 3 }))
    .map(([gap, items]) => `[${gap}${items.join(`${gap},`)}${gap}]`),
  object: fc
    .tuple(space, space, fc.array(fc.tuple(keys, tie('value'), fc.boolean()), { maxLength: 6 }))
    .map(([before, after, members]) => {
      const written = members.map(([key, each, escaped]) => {
        const name = escaped && /^[a-z]/.test(key) ? `"\\u00${key.charCodeAt(0).toString(16)}${key.slice(1)}"` : JSON.stringify(key) // prettier-ignore
        return `${name}${before}:${after}${each}`
      })
      return `${before}{${after}${written.join(`${after},${before}`)}${before}}${after}`
    }),
}))

/** What a bad disk, a cut and a hostile writer make of a line. */
const bend = fc.record({
  at: fc.nat(),
  byte: fc.oneof(
    fc.nat(255),
    oneOf(...Buffer.from('{}[]",:\\ \r\n0-.eEtfnu')),
    oneOf(0x80, 0xc3, 0xe2, 0xed, 0xf0, 0xff),
  ),
  how: oneOf('set', 'insert', 'remove', 'cut'),
})

function bent(line: Buffer, { at, byte, how }: { at: number; byte: number; how: string }): Buffer {
  const place = at % (line.length + 1)
  const [head, tail] = [line.subarray(0, place), line.subarray(place)]
  if (how === 'cut') return Buffer.from(head)
  const put = how === 'remove' ? [] : [byte]
  return Buffer.concat([head, Buffer.from(put), tail.subarray(how === 'insert' ? 0 : 1)])
}

describe('the byte reader gives what the plain parser gives', () => {
  test('for documents of any shape, alternating', () => {
    fc.assert(
      fc.property(fc.array(object, { minLength: 1, maxLength: 5 }), fc.infiniteStream(fc.nat(4)), oneOf('\n', '\r\n'), (lines, order, end) => {
        const picked = Array.from({ length: 12 }, () => lines[(order.next().value ?? 0) % lines.length])
        expectSame(Buffer.from(picked.join(end)))
      }), // prettier-ignore
      { numRuns },
    )
  })

  test('for bytes that are bent', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(object, fc.array(bend, { maxLength: 2 })), { maxLength: 6 }), (lines) => {
        const bytes = lines.map(([line, bends]) => bends.reduce(bent, Buffer.from(line)))
        expectSame(Buffer.concat(bytes.flatMap((line) => [line, Buffer.from('\n')])))
      }), // prettier-ignore
      { numRuns: numRuns * 3 },
    )
  })

  test('for any bytes between brackets', () => {
    const part = fc.oneof(value, oneOf('{', '}', '[', ']', ',', ':', '"', '\\', '"a":', ' '))
    const line = fc.array(part, { maxLength: 10 }).map((parts) => `{${parts.join('')}}`)
    fc.assert(
      fc.property(fc.array(line, { maxLength: 4 }), (lines) => expectSame(Buffer.from(lines.join('\n')))),
      { numRuns },
    ) // prettier-ignore
  })

  test('wherever a batch is cut', () => {
    fc.assert(
      fc.property(fc.array(object, { minLength: 1, maxLength: 3 }), fc.nat(), (lines, cut) => {
        const bytes = Buffer.from(lines.join('\n'))
        const at = cut % (bytes.length + 1)
        expectSame(bytes.subarray(0, at))
        expectSame(bytes.subarray(at))
      }),
      { numRuns },
    )
  })

  test('for more fields than a batch may have, and more keys than are remembered', () => {
    const lines = Array.from({ length: 1_200 }, (_, row) =>
      JSON.stringify(Object.fromEntries([...Array(6).keys()].map((n) => [`k${row * 6 + n}`, { msg: n }]))),
    ) // prettier-ignore
    expectSame(Buffer.from([...lines, '{"k1":{"msg":9},"message":"m","msg":"n"}'].join('\n')))
    expectSame(Buffer.from('{"k7199":{"msg":9},"new":1}'))
  })

  test('for a wide line, and then for many short ones, in little memory', () => {
    const wide = JSON.stringify(Object.fromEntries([...Array(300).keys()].map((n) => [`k${n}`, n])))
    const short = Buffer.from('{"k1":"a\\n"}\n{}\n{"k2":2.50}\n'.repeat(20_000))
    const [fresh, own] = [jsonParser('new'), new ColumnRoom()]
    fresh.parse(Buffer.from(wide), { zone, open: false, room: own })
    const columns = fresh.parse(short, { zone, open: false, room: own })
    expect(own.take(0).byteLength).toBeLessThan(16_000_000)
    const expected = parseJsonPlainly(short, zone)
    for (const row of [0, 1, 2, 59_999]) expect(told(columns, row)).toEqual(told(expected, row))
  })

  test('for a name given twice, of which one cannot be read', () => {
    expectSame(Buffer.from('{"timestamp":0,"timestamp":true}\n{"ts":1,"time":"soon","ts":"soon"}'))
  })

  test('for many rows with few fields, and a row with many', () => {
    const many = JSON.stringify(Object.fromEntries([...Array(300).keys()].map((n) => [`k${n}`, n])))
    const lines = ['{"a":1}', ...Array<string>(9_000).fill('{}'), many, '{"k250":"x"}']
    const bytes = Buffer.from(lines.join('\n'))
    const expected = parseJsonPlainly(bytes, zone)
    const got = parser.parse(bytes, { zone, open: false })
    expect([...got.fields.keys()]).toEqual([...expected.fields.keys()])
    for (const row of [0, 1, 9_000, 9_001, 9_002])
      expect(told(got, row)).toEqual(told(expected, row))
  })
})

/** What ships, through every form: samples, golden files, cuts anywhere, and times. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildParser, readDefinition, runSamples } from '../../../src/parsers/definition.ts'
import type { Form, Parser } from '../../../src/parsers/parser.ts'
import { shipped } from '../shipped.ts'
import { bent, randomFrom } from './random-patterns.ts'
import { rowsOf } from './same.ts'

const seed = Number(process.env['LASTPUSH_SEED'] ?? 20_261_125)
const runs = Math.max(60, Number(process.env['LASTPUSH_CASES'] ?? 0) / 100)
const timeoutMs = 20_000 + runs * 25
const compiled = [...shipped].filter(([, { definition }]) => definition.format === 'patterns')
const forms = ['wasm', 'js', 're2'] as const
const context = { zone: 'Europe/Berlin', open: false }

function goldenInput(name: string): Buffer {
  return readFileSync(new URL(`../../golden/${name}/input.log`, import.meta.url))
}

function parserOf(name: string, form: Form): Parser {
  const found = shipped.get(name)
  if (found === undefined) throw new Error(`no parser ${name}`)
  return buildParser(found.definition, `${name}.yaml`, form)
}

test('all patterns that ship are compiled to WebAssembly', () => {
  const made = compiled.map(([name, { parser }]) => {
    const runs = parser.runs?.()
    const left = runs?.patterns.filter(({ refusal }) => refusal !== null).map(({ field }) => field)
    return [name, runs?.form, left]
  })
  expect(made).toEqual([
    ['apache_combined', 'wasm', []],
    ['apache_common', 'wasm', []],
    ['apache_error', 'wasm', []],
    ['nginx_access', 'wasm', []],
    ['nginx_error', 'wasm', []],
    ['php_error', 'wasm', []],
  ])
})

describe.each(compiled)('%s', (name, { definition }) => {
  const [wasm, js, re2] = forms.map((form) => parserOf(name, form)) as [Parser, Parser, Parser]

  test.each(forms)('holds its samples as %s', (form) => {
    expect(runSamples(definition, parserOf(name, form))).toEqual([])
  })

  test('says the same of its golden file in every form', () => {
    const input = goldenInput(name)
    const expected = rowsOf(re2.parse(input, context))
    expect(rowsOf(js.parse(input, context))).toEqual(expected)
    expect(rowsOf(wasm.parse(input, context))).toEqual(expected)
  })

  test(
    'says the same of bent lines in every form, wherever they are cut into batches',
    () => {
      const lines = goldenInput(name)
        .toString('latin1')
        .split('\n')
        .filter((line) => line !== '')
      fc.assert(
        fc.property(fc.nat(), (start) => {
          const random = randomFrom(start)
          const some = Array.from({ length: 12 }, () => {
            const line = Buffer.from(lines[random(lines.length)] ?? '', 'latin1').toString()
            return Buffer.concat([bent(line, random), Buffer.from(random(4) === 0 ? '\r\n' : '\n')])
          })
          const open = random(2) === 0
          const expected = rowsOf(re2.parse(Buffer.concat(some), { zone: 'UTC', open }))
          for (const parser of [wasm, js]) {
            expect(rowsOf(parser.parse(Buffer.concat(some), { zone: 'UTC', open }))).toEqual(
              expected,
            )
            expect(inBatches(parser, some, random(some.length), open)).toEqual(expected)
          }
        }),
        { numRuns: runs, seed },
      )
    },
    timeoutMs,
  )
})

/** Rows of lines parsed in two batches, with the positions of one. */
function inBatches(
  parser: Parser,
  lines: readonly Buffer[],
  cut: number,
  open: boolean,
): unknown[] {
  const head = Buffer.concat(lines.slice(0, cut))
  const first = parser.parse(head, { zone: 'UTC', open })
  const opened = open || (parser.multiline && first.kind.includes(0))
  const second = parser.parse(Buffer.concat(lines.slice(cut)), { zone: 'UTC', open: opened })
  return [...rowsOf(first), ...rowsOf(second, head.length)]
}

test('a batch larger than the memory of a module, with a line larger than a piece, is one', () => {
  const [wasm, js] = [parserOf('apache_common', 'wasm'), parserOf('apache_common', 'js')]
  const line = '::1 - - [28/Feb/2026:23:59:59 +0000] "GET /PATH HTTP/1.1" 200 12\n'
  const long = line.replace('PATH', 'x'.repeat(1_000_000))
  const bytes = Buffer.from(line.repeat(9_000) + long + '\n'.repeat(20_000) + line.repeat(3))
  const columns = wasm.parse(bytes, context)
  expect(columns.rows).toBe(29_004)
  expect(rowsOf(columns)).toEqual(rowsOf(js.parse(bytes, context)))
})

test('a parser is compiled when it has been given more than the head of a file', () => {
  const definition = { name: 'own', doc: 'x', patterns: ['(?<a>.*)a(?<b>.*)a(?<c>.*)!'] }
  const parser = buildParser(readDefinition(definition, 'own.yaml'), 'own.yaml')
  const bytes = Buffer.from('baba!\n'.repeat(4_000))
  const batches = [1, 2, 3].map(() => rowsOf(parser.parse(bytes, context)))
  expect(batches[1]).toEqual(batches[0])
  expect(batches[2]).toEqual(batches[0])
  expect(parser.runs?.().form).toBe('wasm')
})

test('columns of an earlier batch stay as they were', () => {
  const parser = parserOf('apache_common', 'wasm')
  const line = '::1 - - [28/Feb/2026:23:59:59 +0000] "GET /a HTTP/1.1" 200 12\n'
  const first = parser.parse(Buffer.from(line), context)
  const before = rowsOf(first)
  parser.parse(Buffer.from(line.replace('200', '500').repeat(9)), context)
  expect(rowsOf(first)).toEqual(before)
})

/** Times that are near to one another, which is what is remembered between lines. */
const formats = [
  '%d/%b/%Y:%H:%M:%S %z',
  '%a %b %d %H:%M:%S.%f %Y',
  '%Y-%m-%d %H:%M:%S',
  '%d-%b-%Y %H:%M:%S %Z',
  '%d-%b-%Y %H:%M:%S',
  '%d-%b-%Y %H:%M:%S.%f',
  'rfc3339',
  'epoch',
] as const
const months = ['Mar', 'Oct', 'Nov']
const zones = [
  '+0000',
  '-0130',
  'Z',
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  '+01:00',
  'Mars/X',
]

const timeText = fc
  .record({
    format: fc.constantFrom(...formats),
    day: fc.constantFrom('29', '25', '1', ' 7', '07', '31'),
    month: fc.nat(2),
    clock: fc.constantFrom('02:30:00', '01:59:59', '03:00:01', '23:59:60', '2:00:00', '24:00:00'),
    second: fc.option(fc.integer({ min: 0, max: 61 })),
    fraction: fc.constantFrom('1', '12', '123', '123456', '999999999', '12x'),
    zone: fc.constantFrom(...zones),
  })
  .map(({ format, day, month, clock, second, fraction, zone }) => {
    const two = second === null ? null : String(second).padStart(2, '0')
    const time = two === null ? clock : `${clock.slice(0, -2)}${two}`
    const number = { Mar: '03', Oct: '10', Nov: '11' }[months[month] ?? ''] ?? '03'
    if (format === 'epoch') return `17954425${two ?? '00'}.${fraction}`
    if (format === 'rfc3339') return `2026-${number}-${day}T${time}.${fraction}${zone}`
    return format
      .replace('%H:%M:%S', time)
      .replace('%d', day)
      .replace('%b', months[month] ?? '')
      .replace('%m', number)
      .replace('%Y', '2026')
      .replace('%a', 'Sun')
      .replace('%f', fraction)
      .replace(/%[zZ]/, zone)
  })

test(
  'times are those of the reader, whatever was read before',
  () => {
    const several = fc.subarray([...formats], { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(several, fc.array(timeText, { maxLength: 40 }), (format, times) => {
        const definition = { name: 'own', doc: 'x', time: { format }, patterns: ['<(?<time>.*)>'] }
        const parsed = forms.map((form) => {
          const parser = buildParser(readDefinition(definition, 'own.yaml'), 'own.yaml', form)
          const lines = times.flatMap((time) => [time, time]).map((time) => `<${time}>\n`)
          return rowsOf(parser.parse(Buffer.from(lines.join('')), context))
        })
        expect(parsed[0]).toEqual(parsed[2])
        expect(parsed[1]).toEqual(parsed[2])
      }),
      { numRuns: runs * 4, seed },
    )
  },
  timeoutMs,
)

test('a time that an earlier format would read another way is not taken for a neighbour', () => {
  const format = ['%Y-%m-%d %S:%M:%H', '%Y-%m-%d %H:%M:%S']
  const definition = { name: 'own', doc: 'x', time: { format }, patterns: ['(?<time>.*)'] }
  const lines = ['2026-11-23 10:20:30', '2026-11-23 10:20:31', '2026-11-23 10:20:05']
  const times = forms.map((form) => {
    const parser = buildParser(readDefinition(definition, 'own.yaml'), 'own.yaml', form)
    const columns = parser.parse(Buffer.from(lines.join('\n')), { zone: 'UTC', open: false })
    return [...columns.time].map((time) => new Date(time).toISOString().slice(11, 19))
  })
  expect(times).toEqual(new Array(3).fill(['10:20:30', '10:20:31', '05:20:10']))
})

const numbers = [
  '0', '-0', '+7', '-12', '9007199254740991', '9007199254740992', '-9007199254740991',
  '123456789012345678901234567890', '1'.repeat(400), '+', '-', '', '1.0', 'x', '1x', '٣', '--1',
  '0.5', '.5', '5.', '1.2.3', '1e3', '1.5e-3', '-0.25', '0.0005', '0.0000005', '12345678.1234567',
  '1234567.12345678', '99999999999999.9', '1.001', '0.1', '0.3', '123456789012345', '1234567890123456',
  '00012.500', '1.00000000000001', '4.35', '1.0049999', '0.0004999', '1e999', '7.', '1 2',
] // prettier-ignore

test.each(['int', 'float', 'seconds', 'microseconds'])(
  'numbers of the type %s are read as the reference reads them',
  (type) => {
    const patterns = ['n=(?<n>.*)', '(?<other>.*)']
    const definition = { name: 'own', doc: 'x', patterns, fields: { n: type }, missing: '-' }
    const bytes = Buffer.from(numbers.map((number) => `n=${number}\n`).join(''))
    const [wasm, js, re2] = forms.map((form) =>
      rowsOf(buildParser(readDefinition(definition, 'x'), 'x', form).parse(bytes, context)),
    )
    expect(wasm).toEqual(re2)
    expect(js).toEqual(re2)
  },
)

test(
  'decimal numbers are read as the reference reads them, also at random',
  () => {
    const digits = fc.stringMatching(/^[0-9]{0,9}\.?[0-9]{0,8}$/)
    fc.assert(
      fc.property(
        fc.array(digits, { maxLength: 50 }),
        fc.constantFrom('float', 'seconds', 'microseconds'),
        (texts, type) => {
          const definition = {
            name: 'own',
            doc: 'x',
            patterns: ['n=(?<n>.*)'],
            fields: { n: type },
          }
          const bytes = Buffer.from(texts.map((text) => `n=${text}\n`).join(''))
          const [wasm, re2] = ['wasm' as const, 're2' as const].map((form) =>
            rowsOf(buildParser(readDefinition(definition, 'x'), 'x', form).parse(bytes, context)),
          )
          expect(wasm).toEqual(re2)
        },
      ),
      { numRuns: runs * 2, seed },
    )
  },
  timeoutMs,
)

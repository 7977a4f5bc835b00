/** How fast is each form of the parsers that ship, without reading files and without counting?
 *
 *  The input lies in memory in batches as a file source makes them; every field is located, numbers,
 *  levels and times are read. CPU time of this process, the best of several rounds, as the engine
 *  compiles while it runs and other programs disturb. Not the speed of lastpush: see parse-and-count.
 *
 *  The second table is of hostile lines: what matters there is that none is much slower than ordinary
 *  ones, in nanoseconds for a byte. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { buildParser, readDefinition } from '../src/parsers/definition.ts'
import type { Form } from '../src/parsers/parser.ts'
import type { Benchmark } from './benchmark.ts'
import { lineKinds, linesOf } from './lines.ts'
import type { Table } from './table.ts'

const forms: readonly Form[] = ['wasm', 'js', 're2']
const batchBytes = 262_144
const inputBytes = 8_000_000
const context = { zone: 'UTC', open: false }

export const kernel: Benchmark = {
  name: 'kernel',
  question: 'How fast is each form of the parsers that ship, without files and counting?',
  run: (settings) => {
    const speeds = speedTable(settings.quick ? inputBytes / 8 : inputBytes)
    const hostile = hostileTable()
    return Promise.resolve({
      input: 'the real sample where it is there and made lines, in memory in batches of 256 KiB',
      tables: [speeds, hostile],
      notes: [
        'The second table is of hostile lines, in nanoseconds a byte of the WebAssembly form.',
      ],
      figures: { speeds: speeds.rows, hostile: hostile.rows },
    })
  },
}

function speedTable(bytes: number): Table {
  const rows = lineKinds.map((kind) => {
    const input = linesOf(kind, bytes)
    const lines = input.filter((byte) => byte === 10).length
    const speeds = forms.map((form) => {
      const share =
        form === 're2' ? input.subarray(0, input.lastIndexOf(10, bytes / 16) + 1) : input
      const seconds = secondsOf(kind, form, batchesOf(share), form === 're2' ? 2 : 15)
      return share.length / 1e6 / seconds
    })
    const nanoseconds = ((input.length / lines / (speeds[0] ?? NaN)) * 1e3).toFixed(0)
    const length = (input.length / lines).toFixed(0)
    return [kind, length, ...speeds.map((speed) => speed.toFixed(0)), nanoseconds]
  })
  const columns = ['parser', 'bytes a line', 'WebAssembly, MB/s', 'JavaScript, MB/s', 'RE2, MB/s', 'ns a line, WebAssembly'] // prettier-ignore
  return { columns, rows }
}

function parserOf(kind: string, form: Form) {
  const file = new URL(`../parsers/${kind}.yaml`, import.meta.url)
  return buildParser(readDefinition(parse(readFileSync(file, 'utf8')), kind), kind, form)
}

/** CPU seconds of the best round. */
function secondsOf(kind: string, form: Form, batches: readonly Buffer[], rounds: number): number {
  const parser = parserOf(kind, form)
  let best = Infinity
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage()
    for (const batch of batches) parser.parse(batch, context)
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / 1e6)
  }
  return best
}

function batchesOf(input: Buffer): Buffer[] {
  const batches: Buffer[] = []
  for (let start = 0; start < input.length;) {
    const cut = input.lastIndexOf(10, start + batchBytes - 1) + 1
    const end = cut > start ? cut : input.length
    batches.push(Buffer.from(input.subarray(start, end)))
    start = end
  }
  return batches
}

const mebibyte = 1_048_576

/** But LF, which would end the line. */
const allBytes = Buffer.from(
  Array.from({ length: 256 }, (_, byte) => (byte === 10 ? 32 : byte)),
).toString('latin1')

/** One line each, a mebibyte long. */
const hostile: Readonly<Record<string, string>> = {
  quotes: '"'.repeat(mebibyte),
  backslashes: '\\'.repeat(mebibyte),
  'no newline, spaces': 'a '.repeat(mebibyte / 2),
  'all bytes': allBytes.repeat(mebibyte / 256),
  brackets: '['.repeat(mebibyte),
  commas: '2026/11/23 14:02:11 [error] 1#1: ' + ', '.repeat(mebibyte / 2),
  'agent of quotes': `1.1.1.1 - - [23/Nov/2026:14:02:11 +0000] "GET / HTTP/1.1" 200 5 "-" "${'\\"'.repeat(mebibyte / 2)}"`,
  'in, in, in': `[23-Nov-2026 14:02:11 UTC] PHP Warning:  ${'x in '.repeat(mebibyte / 5)}`,
}

function hostileTable(): Table {
  const kinds = lineKinds.filter((kind) => kind !== 'apache_common')
  const ordinary = kinds.map((kind) => {
    const input = linesOf(kind, mebibyte)
    return (secondsOf(kind, 'wasm', batchesOf(input), 15) / input.length) * 1e9
  })
  const rows = Object.entries(hostile).map(([name, line]) => {
    const bytes = Buffer.from(`${line}\n`, 'latin1')
    const costs = kinds.map((kind) => (secondsOf(kind, 'wasm', [bytes], 7) / bytes.length) * 1e9)
    return [name, ...costs.map((cost) => cost.toFixed(2))]
  })
  const first = ['ordinary lines', ...ordinary.map((cost) => cost.toFixed(2))]
  return { columns: ['ns a byte', ...kinds], rows: [first, ...rows] }
}

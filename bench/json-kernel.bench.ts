/** How fast are JSON lines read into columns, without files and counting?
 *
 *  Held against JSON.parse, which is written in C++ and gives objects, not columns: of the batch's text
 *  cut into strings beforehand, which nobody gets for nothing, and with the cutting. Ours finds time,
 *  level and the names of our fields as well. The first input is the log of json-lines: four loggers
 *  that alternate. In the others each line is of one shape, or has a key that no other line has, so
 *  that nothing that is remembered helps. CPU time of this process, the best of several rounds. */
import { ColumnRoom } from '../src/model/columns.ts'
import { jsonParser } from '../src/parsers/json.ts'
import type { Benchmark } from './benchmark.ts'
import { jsonLog } from './json-lines.ts'
import type { Table } from './table.ts'

const batchBytes = 262_144
const lines = 50_000

export const jsonKernel: Benchmark = {
  name: 'json-kernel',
  question: 'How fast are JSON lines read into columns, without files and counting?',
  run: (settings) => {
    const rounds = settings.rounds ?? (settings.quick ? 3 : 15)
    const table = speedTable(
      inputs(settings.lines ?? (settings.quick ? lines / 10 : lines)),
      rounds,
    )
    return Promise.resolve({
      input: 'made lines in memory, in batches of 256 KiB',
      tables: [table],
      notes: [],
      figures: { speeds: table.rows },
    })
  },
}

function inputs(count: number): Readonly<Record<string, readonly string[]>> {
  const mixed = [...jsonLog(count)].join('').trimEnd().split('\n')
  return {
    'four loggers': mixed,
    'one shape': mixed.filter((line) => line.includes('"reqId"') && line.endsWith('}')),
    'a new key in each line': mixed.map((line, n) => line.replace('{', `{"k${n}":1,`)),
  }
}

function speedTable(of: Readonly<Record<string, readonly string[]>>, rounds: number): Table {
  const rows = Object.entries(of).map(([name, texts]) => {
    const batches = batchesOf(texts)
    const bytes = batches.reduce((sum, batch) => sum + batch.length, 0)
    const strings = batches.map((batch) => batch.toString('utf8').trimEnd().split('\n'))
    const parser = jsonParser('json')
    const room = new ColumnRoom()
    const ours = bestOf(rounds, () => {
      for (const batch of batches) parser.parse(batch, { zone: 'UTC', open: false, room })
    })
    const parsed = bestOf(rounds, () => {
      for (const each of strings) parseAll(each)
    })
    const cut = bestOf(rounds, () => {
      for (const batch of batches) parseAll(batch.toString('utf8').trimEnd().split('\n'))
    })
    const speed = (seconds: number): string => (bytes / 1e6 / seconds).toFixed(0)
    const each = ((ours / texts.length) * 1e9).toFixed(0)
    return [name, (bytes / texts.length).toFixed(0), speed(ours), each, speed(parsed), speed(cut)]
  })
  return {
    columns: ['lines', 'bytes a line', 'lastpush, MB/s', 'ns a line', 'JSON.parse of strings, MB/s', 'JSON.parse of bytes, MB/s'], // prettier-ignore
    rows,
  }
}

function batchesOf(texts: readonly string[]): Buffer[] {
  const batches: Buffer[] = []
  let text = ''
  for (const line of texts) {
    text += `${line}\n`
    if (text.length < batchBytes) continue
    batches.push(Buffer.from(text))
    text = ''
  }
  return text === '' ? batches : [...batches, Buffer.from(text)]
}

/** Lines that are cut off are part of the log. */
function parseAll(texts: readonly string[]): void {
  for (const text of texts) {
    try {
      JSON.parse(text)
    } catch {
      continue
    }
  }
}

/** CPU seconds of the best round. */
function bestOf(rounds: number, work: () => void): number {
  let best = Infinity
  for (let round = 0; round < rounds; round++) {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / 1e6)
  }
  return best
}

/** Logs on disk for benchmarks to read. Those with fixed times are kept between runs. */
import {
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
  closeSync,
} from 'node:fs'
import { join } from 'node:path'
import { madeSample, steadyAccess, type Steady } from './access-lines.ts'
import { folderOf, root } from './folder.ts'
import { jsonLog } from './json-lines.ts'
import { phpEvents, phpLog } from './php-lines.ts'

export interface Log {
  readonly path: string
  readonly bytes: number
  readonly lines: number
  /** What it is, in words. */
  readonly words: string
}

/** 10,000 real lines of May 2015: `Common Data Formats/apache_logs` of elastic/examples. */
const samplePaths = [
  process.env['LASTPUSH_BENCH_SAMPLE'] ?? '',
  join(root, '../shared/data/apache-combined-10k.log'),
]

interface Sample {
  readonly name: string
  readonly words: string
  readonly lines: readonly string[]
}

/** Where the real sample is; null where it is not. */
export function realSample(): string | null {
  return samplePaths.find((each) => each !== '' && existsSync(each)) ?? null
}

/** The real sample where it is there, else one made of the demo's traffic. */
function accessSample(): Sample {
  const path = realSample()
  if (path === null) return madeAccessSample()
  const lines = readFileSync(path, 'latin1').trimEnd().split('\n')
  return { name: 'real', words: `a real sample of ${lines.length} lines`, lines }
}

function madeAccessSample(): Sample {
  const lines = madeSample()
  return { name: 'made', words: `a made sample of ${lines.length} lines`, lines }
}

/** The sample over and over as it is, so that its times repeat. */
export function accessLog(lines: number): Log {
  return repeated(accessSample(), lines)
}

/** The same log with a path of its own in every line, so that nothing can be remembered of one. */
export function distinctPathsLog(lines: number): Log {
  const { name, words, lines: sample } = accessSample()
  const path = kept(`access-${name}-distinct-${lines}.log`, function* () {
    let n = 0
    for (const text of repeat(sample, lines)) {
      yield text.replace(/ HTTP\/1/g, () => `/${(n++).toString(36)} HTTP/1`)
    }
  })
  return described(path, lines, `${words}, repeated with a path of its own in every line`)
}

/** The same everywhere, whatever lies on the machine. */
export function madeAccessLog(lines: number): Log {
  return repeated(madeAccessSample(), lines)
}

/** A file of its own with times up to now. */
export function steadyAccessLog(path: string, steady: Steady): Log {
  const { words, lines } = accessSample()
  write(path, steadyAccess(lines, steady))
  const about = `${words}, repeated with times at ${steady.linesPerSecond} lines a second`
  return described(path, steady.lines, about)
}

export function phpErrorLog(lines: number): Log {
  const golden = join(root, 'test/golden/php_error')
  const input = readFileSync(join(golden, 'input.log'), 'latin1').split('\n')
  const expected = readFileSync(join(golden, 'expected.ndjson'), 'utf8').trimEnd().split('\n')
  const events = phpEvents(
    input,
    expected.map((line) => JSON.parse(line) as { time?: string; continues?: boolean }),
  )
  const path = kept(`php-${lines}.log`, () => phpLog(events, lines))
  return described(path, lines, 'the events of the golden file with other numbers and times')
}

export function jsonLinesLog(lines: number): Log {
  const path = kept(`json-${lines}.log`, () => jsonLog(lines))
  return described(path, lines, 'made lines of pino, zap and the ECS loggers')
}

function repeated(sample: Sample, lines: number): Log {
  const path = kept(`access-${sample.name}-${lines}.log`, () => repeat(sample.lines, lines))
  return described(path, lines, `${sample.words}, repeated`)
}

function* repeat(sample: readonly string[], lines: number): Generator<string> {
  const whole = `${sample.join('\n')}\n`
  let left = lines
  for (; left >= sample.length; left -= sample.length) yield whole
  if (left > 0) yield `${sample.slice(0, left).join('\n')}\n`
}

/** Made once; a run that is cut off leaves nothing that looks whole. */
function kept(name: string, make: () => Iterable<string>): string {
  const path = join(folderOf('logs'), name)
  if (existsSync(path)) return path
  write(`${path}.part`, make())
  renameSync(`${path}.part`, path)
  return path
}

function write(path: string, pieces: Iterable<string>): void {
  const file = openSync(path, 'w')
  try {
    for (const piece of pieces) {
      const bytes = Buffer.from(piece, 'latin1')
      for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done)
    }
  } finally {
    closeSync(file)
  }
}

function described(path: string, lines: number, words: string): Log {
  const { size } = statSync(path)
  const about = `${lines.toLocaleString('en-US')} lines, ${(size / 1e6).toFixed(0)} MB: ${words}`
  return { path, bytes: size, lines, words: about }
}

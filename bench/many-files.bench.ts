/** Do a thousand growing files cost more than one that grows as fast?
 *
 *  A writer of its own appends the same lines at the same rate, once into one file and once into
 *  many in turn, while the daemon follows with the shipped rules and its store. All lines must be
 *  counted, or the run fails. The ratio of CPU per line is the answer; how long the daemon needs to
 *  catch up once the writer is done says whether it kept pace. More files also mean more and
 *  smaller reads and a checkpoint for each, so the ratio cannot be 1. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Benchmark } from './benchmark.ts'
import { Daemon, followed, inFolder } from './daemon.ts'
import { written } from './writing.ts'

interface Grown {
  readonly files: number
  readonly lines: number
  /** CPU time from the first line on until all are counted, s. */
  readonly cpu: number
  /** From the last line on, s. */
  readonly catchUp: number
  /** MiB. */
  readonly peak: number
}

export const manyFiles: Benchmark = {
  name: 'many-files',
  question: 'Do a thousand growing files cost more than one that grows as fast?',
  async run(settings) {
    const seconds = settings.quick ? 4 : 20
    const linesPerSecond = settings.quick ? 2_000 : 10_000
    const grown = [
      await grow(1, linesPerSecond, seconds),
      await grow(1_000, linesPerSecond, seconds),
    ]
    const [one] = grown
    const perLine = ({ cpu, lines }: Grown): number => (cpu / lines) * 1e6
    return {
      input: `${linesPerSecond} lines a second for ${seconds} s, followed live`,
      tables: [
        {
          columns: ['files', 'CPU µs a line', 'ratio', 'caught up after s', 'peak MiB'],
          rows: grown.map((each) => [
            each.files.toLocaleString('en-US'),
            perLine(each).toFixed(1),
            (perLine(each) / (one === undefined ? NaN : perLine(one))).toFixed(2),
            each.catchUp.toFixed(2),
            each.peak.toFixed(0),
          ]),
        },
      ],
      notes: [],
      figures: { linesPerSecond, seconds, grown },
    }
  },
}

function grow(files: number, linesPerSecond: number, seconds: number): Promise<Grown> {
  return inFolder(async (dir) => {
    const paths = Array.from({ length: files }, (_, index) => join(dir, `access-${index}.log`))
    for (const path of paths) writeFileSync(path, '')
    const config = followed(join(dir, 'access-*.log'))
    return Daemon.during(dir, config, async (daemon) => {
      const before = daemon.cpu
      const { lines } = await written({ paths, linesPerSecond, seconds, burst: null })
      const done = performance.now()
      await daemon.counted(lines)
      const catchUp = (performance.now() - done) / 1_000
      return { files, lines, cpu: daemon.cpu - before, catchUp, peak: daemon.memory.peak }
    })
  })
}

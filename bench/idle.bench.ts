/** What does lastpush cost when nothing happens, and how much memory does it hold?
 *
 *  The target is less than 0.5 % of a core, and less than 120 MiB at rest; less than 250 MiB at
 *  full speed. Measured by what /proc says of the daemon: its CPU time over a stretch in which
 *  nobody writes or asks, resident memory at its end, the peak while it reads a log as fast as it
 *  can. A browser on the page would cost more. There is no peer: the targets are what it is held
 *  to. */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { linesOf, type Benchmark } from './benchmark.ts'
import { Daemon, followed, inFolder } from './daemon.ts'
import { accessLog, steadyAccessLog } from './logs.ts'

const settleMs = 5_000
const quietFiles = 1_000
const targets = { cpuShare: 0.005, restMiB: 120, speedMiB: 250 }

interface Rest {
  readonly files: number
  /** CPU time over wall time. */
  readonly cpuShare: number
  readonly restMiB: number
}

export const idle: Benchmark = {
  name: 'idle',
  question: 'What does lastpush cost when nothing happens, and how much memory does it hold?',
  async run(settings) {
    const seconds = settings.quick ? 5 : 20
    const rests = [await rest(1, seconds), await rest(quietFiles, seconds)]
    const log = accessLog(linesOf(settings, 1_000_000, 50_000))
    const speedMiB = await fullSpeed(log.path, log.lines)
    const rows = rests.flatMap(({ files, cpuShare, restMiB }) => [
      row(
        `CPU share, ${files} quiet ${files === 1 ? 'file' : 'files'}`,
        cpuShare * 100,
        targets.cpuShare * 100,
        '%',
      ),
      row(
        `memory at rest, ${files} quiet ${files === 1 ? 'file' : 'files'}`,
        restMiB,
        targets.restMiB,
        'MiB',
      ),
    ])
    rows.push(row('peak memory at full speed', speedMiB, targets.speedMiB, 'MiB'))
    return {
      input: `${seconds} s without a line; then ${log.words}`,
      tables: [{ columns: ['figure', 'measured', 'target', 'met'], rows }],
      notes: [],
      figures: { seconds, rests, speedMiB, targets },
    }
  },
}

function row(name: string, value: number, target: number, unit: string): readonly string[] {
  const digits = unit === '%' ? 2 : 0
  const met = value < target ? 'yes' : 'no'
  return [name, `${value.toFixed(digits)} ${unit}`, `< ${target} ${unit}`, met]
}

function rest(files: number, seconds: number): Promise<Rest> {
  return inFolder(async (dir) => {
    const now = Math.floor(Date.now() / 1_000)
    for (let index = 0; index < files; index++) {
      const steady = { lines: 20, linesPerSecond: 2, endsAt: now, brokenSeconds: 0 }
      steadyAccessLog(join(dir, `quiet-${index}.log`), steady)
    }
    return Daemon.during(dir, followed(join(dir, 'quiet-*.log')), async (daemon) => {
      await daemon.counted(20 * files)
      await delay(settleMs)
      const [cpu, start] = [daemon.cpu, performance.now()]
      await delay(seconds * 1_000)
      const used = daemon.cpu - cpu
      const cpuShare = (used * 1_000) / (performance.now() - start)
      return { files, cpuShare, restMiB: daemon.memory.now }
    })
  })
}

function fullSpeed(path: string, lines: number): Promise<number> {
  return inFolder((dir) =>
    Daemon.during(dir, followed(path), async (daemon) => {
      await daemon.counted(lines)
      return daemon.memory.peak
    }),
  )
}

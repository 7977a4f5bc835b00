/** What does the whole way of a line cost: a real daemon with the shipped rules and its store on,
 *  over an access log whose times run up to now, with twenty seconds of failing requests in the
 *  middle?
 *
 *  CPU is that of the process from its start until all lines are counted and what they led to is
 *  committed and indexed: start-up, windows, rules, alerts, commits and the store's own thread.
 *  Wall time ends when all lines are counted. The file lies there when the daemon starts, so that
 *  it reads as fast as it can. Against it stand a pass over the same file without a store (`run
 *  --once`), and the readline script, which does nothing but count; it says how fast this machine
 *  is. The run fails unless the failing requests raise an alert. */
import { join } from 'node:path'
import { linesOf, roundsOf, type Benchmark } from './benchmark.ts'
import { Daemon, followed, inFolder } from './daemon.ts'
import { cpuRatio, spread, type Cost } from './figures.ts'
import { onePass, tellsStatuses } from './lastpush.ts'
import { steadyAccessLog, type Log } from './logs.ts'
import { race } from './measure.ts'
import { presentPeers } from './peers.ts'
import { costTable } from './table.ts'
import { until } from './until.ts'

const linesPerSecond = 2_000
const brokenSeconds = 20

export const wholeWay: Benchmark = {
  name: 'whole-way',
  question: 'What does the whole way of a line cost, from the file to committed alerts?',
  run: (settings) =>
    inFolder(async (dir) => {
      const lines = linesOf(settings, 1_000_000, 60_000)
      const rounds = roundsOf(settings, 3)
      const endsAt = Math.floor(Date.now() / 1_000)
      const steady = { lines, linesPerSecond, endsAt, brokenSeconds }
      const log = steadyAccessLog(join(dir, 'access.log'), steady)
      const [script] = presentPeers(log.path).contestants
      if (script === undefined) throw new Error('the readline script is missing')
      const once = {
        name: 'lastpush, run --once',
        command: onePass(log.path),
        tells: tellsStatuses,
      }
      const raced = race([script, once], rounds, [log.path])
      const runs: DaemonRun[] = []
      for (let round = 0; round < rounds; round++)
        runs.push(await inFolder((own) => follow(own, log)))
      const costs = [...raced, { name: 'lastpush, daemon', costs: runs.map(({ cost }) => cost) }]
      const base = raced[0]?.costs ?? []
      return {
        input: `${log.words}; ${brokenSeconds} s of failing requests`,
        tables: [costTable(costs, script.name, log)],
        notes: [
          `The daemon made ${spread(runs.map(({ commits }) => commits)).median} commits and ` +
            `${spread(runs.map(({ alerts }) => alerts)).min} alerts.`,
        ],
        figures: {
          costs: costs.map((each) => ({ ...each, ratio: cpuRatio(each.costs, base) })),
          runs,
        },
      }
    }),
}

interface DaemonRun {
  readonly cost: Cost
  readonly commits: number
  readonly alerts: number
}

function follow(dir: string, log: Log): Promise<DaemonRun> {
  const start = performance.now()
  return Daemon.during(dir, followed(log.path), async (daemon) => {
    await daemon.counted(log.lines)
    const wall = (performance.now() - start) / 1_000
    const commits = await settled(daemon)
    const cost = { cpu: daemon.cpu, wall, memory: daemon.memory.peak }
    const alerts = await until('an alert of the failing requests', async () => {
      const count = await daemon.alerts()
      return count > 0 ? count : null
    })
    return { cost, commits, alerts }
  })
}

/** Resolves when nothing is left to commit or to index. @returns The number of commits. */
function settled(daemon: Daemon): Promise<number> {
  let last = 0
  const look = async (): Promise<number | null> => {
    const { commits, backlog } = (await daemon.status()).store
    const same = commits > 0 && commits === last && backlog === 0
    last = commits
    return same ? commits : null
  }
  return until('commits and the index to follow', look, { everyMs: 500 })
}

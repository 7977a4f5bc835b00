/** Does memory grow with the length of a log? Peak memory of the same pass, shipped rules on, over
 *  a log and over ten times as much; the bound that is promised is 300 MB for 1,000,000 lines.
 *  There is no peer: the question is whether the second figure stays near the first. */
import { linesOf, type Benchmark } from './benchmark.ts'
import { onePass } from './lastpush.ts'
import { accessLog } from './logs.ts'
import { race } from './measure.ts'
import { spread } from './figures.ts'

export const memory: Benchmark = {
  name: 'memory',
  question: 'Does memory grow with the length of a log?',
  async run(settings) {
    const lines = linesOf(settings, 1_000_000, 100_000)
    const logs = [accessLog(Math.ceil(lines / 10)), accessLog(lines)]
    const peaks = logs.map((log) => {
      const only = { name: log.words, command: onePass(log.path), tells: () => ({}) }
      const [raced] = race([only], settings.rounds ?? 1, [log.path])
      return { lines: log.lines, mib: spread(raced?.costs.map((cost) => cost.memory) ?? []).max }
    })
    return {
      input: logs[1]?.words ?? '',
      tables: [
        {
          columns: ['lines', 'peak MiB'],
          rows: peaks.map((peak) => [peak.lines.toLocaleString('en-US'), peak.mib.toFixed(0)]),
        },
      ],
      notes: [],
      figures: peaks,
    }
  },
}

/** The report of a race: its table, and the same figures for machines. */
import type { Report } from './benchmark.ts'
import { cpuRatio } from './figures.ts'
import type { Log } from './logs.ts'
import { race, type Contestant } from './measure.ts'
import { costTable } from './table.ts'

/** Runs the contestants over one log; ratios are to the first, to whom all others are held. */
export function raceOver(
  log: Log,
  contestants: readonly Contestant[],
  rounds: number,
): Pick<Report, 'input' | 'tables' | 'figures'> {
  const raced = race(contestants, rounds, [log.path])
  const [first] = raced
  if (first === undefined) throw new Error('a race needs contestants')
  return {
    input: `${log.words}; ${rounds === 1 ? 'one round' : `${rounds} rounds in turn`}`,
    tables: [costTable(raced, first.name, log)],
    figures: raced.map(({ name, costs }) => ({
      name,
      cpuRatio: cpuRatio(costs, first.costs),
      costs,
    })),
  }
}

/** Tables in Markdown. Pure. */
import { type Cost, cpuRatio, spread, type Spread } from './figures.ts'

export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Costs of one contestant, in the order of the rounds. */
export interface Costs {
  readonly name: string
  readonly costs: readonly Cost[]
}

export function markdown({ columns, rows }: Table): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n')
}

/** One row a contestant.
 *  @param reference Name of the contestant whose CPU time is 1. */
export function costTable(
  contestants: readonly Costs[],
  reference: string,
  input: { readonly bytes: number; readonly lines: number },
): Table {
  const base = contestants.find(({ name }) => name === reference)?.costs ?? []
  return {
    columns: [
      'program',
      `CPU, ratio to ${reference}`,
      'CPU s',
      'wall s',
      'MB a CPU second',
      'million lines a CPU second',
      'peak MiB',
    ],
    rows: contestants.map(({ name, costs }) => {
      const cpu = spread(costs.map((cost) => cost.cpu))
      return [
        name,
        ranged(cpuRatio(costs, base)),
        ranged(cpu),
        spread(costs.map((cost) => cost.wall)).median.toFixed(2),
        rate(input.bytes, cpu.median),
        rate(input.lines, cpu.median, 2),
        spread(costs.map((cost) => cost.memory)).max.toFixed(0),
      ]
    }),
  }
}

/** `1.02 (0.98–1.10)`: median, least and greatest. */
export function ranged({ min, median, max }: Spread, digits = 2): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`
}

/** Millions a second; a dash where the clock saw no time pass. */
function rate(amount: number, seconds: number, digits = 0): string {
  return seconds === 0 ? '–' : (amount / 1e6 / seconds).toFixed(digits)
}

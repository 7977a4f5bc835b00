/** Measures whole processes from outside: CPU, wall and peak memory as the operating system accounts
 *  them (GNU time), start-up included. Contestants run in turn, A B A B, so that a machine whose
 *  speed drifts treats them alike; figures are ratios of medians. */
import { spawnSync } from 'node:child_process'

export interface Contestant {
  readonly name: string
  readonly command: readonly string[]
}

/** Seconds and MiB of one run. */
interface Run {
  readonly cpu: number
  readonly wall: number
  readonly memory: number
}

export interface Figures extends Run {
  readonly name: string
  readonly cpuMin: number
  readonly cpuMax: number
}

const timeProgram = '/usr/bin/time'

/** @returns Medians per contestant, in the given order. @throws When a command fails. */
export function compare(contestants: readonly Contestant[], runs: number): readonly Figures[] {
  const results = contestants.map(() => [] as Run[])
  for (let round = -1; round < runs; round++) {
    for (const [index, { command }] of contestants.entries()) {
      const run = measure(command)
      // The first round warms the page cache and is not counted.
      if (round >= 0) results[index]?.push(run)
    }
  }
  return contestants.map(({ name }, index) => {
    const of = results[index] ?? []
    const cpu = of.map((run) => run.cpu)
    return {
      name,
      cpu: median(cpu),
      wall: median(of.map((run) => run.wall)),
      memory: median(of.map((run) => run.memory)),
      cpuMin: Math.min(...cpu),
      cpuMax: Math.max(...cpu),
    }
  })
}

function measure(command: readonly string[]): Run {
  const ran = spawnSync(timeProgram, ['-f', '%U %S %e %M', ...command], { encoding: 'utf8', maxBuffer: 1 << 28 }) // prettier-ignore
  if (ran.error !== undefined) throw ran.error
  if (ran.status !== 0) throw new Error(`${command.join(' ')} failed:\n${ran.stderr}`)
  const [user = 0, system = 0, wall = 0, kib = 0] = (ran.stderr.trimEnd().split('\n').at(-1) ?? '')
    .split(' ')
    .map(Number)
  return { cpu: user + system, wall, memory: kib / 1_024 }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? NaN
}

/** A table in Markdown; ratios are CPU over the CPU of the row named `reference`. */
export function table(figures: readonly Figures[], reference: string, bytes: number): string {
  const base = figures.find(({ name }) => name === reference)?.cpu ?? NaN
  const rows = figures.map(
    ({ name, cpu, wall, memory, cpuMin, cpuMax }) =>
      `| ${name} | ${(cpu / base).toFixed(2)} | ${cpu.toFixed(2)} (${cpuMin.toFixed(2)}–${cpuMax.toFixed(2)}) | ${wall.toFixed(2)} | ${(bytes / 1e6 / cpu).toFixed(0)} | ${memory.toFixed(0)} |`,
  )
  return [
    `| program | CPU ratio to ${reference} | CPU s, median (min–max) | wall s | MB/s of CPU | peak MiB |`,
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n')
}

/** Measures whole processes from outside: CPU, wall and peak memory as the operating system
 *  accounts them (GNU time), start-up included. Contestants run in turn, A B A B, so that a machine
 *  whose speed drifts treats them alike. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Cost } from './figures.ts'
import type { Costs } from './table.ts'
import { differences, type Told } from './told.ts'

export interface Contestant {
  readonly name: string
  readonly command: readonly string[]
  readonly tells: (output: string) => Told
  /** So slow that one round has to do. */
  readonly once?: boolean
}

const timeProgram = '/usr/bin/time'
const outputBytesMax = 1 << 28

/**
 * Runs every contestant once a round.
 * @param inputs Files that all of them read; they are in the page cache before each run.
 * @returns Costs in the given order.
 * @throws When a command fails, or tells something else than the first contestant.
 */
export function race(
  contestants: readonly Contestant[],
  rounds: number,
  inputs: readonly string[],
): readonly Costs[] {
  if (!existsSync(timeProgram)) throw new Error(`${timeProgram} is missing: install GNU time`)
  const results = contestants.map(({ name }) => ({ name, costs: [] as Cost[] }))
  let truth: Told | null = null
  for (let round = 0; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) {
      if (contestant.once === true && round > 0) continue
      spawnSync('cat', inputs, { stdio: 'ignore' })
      const { cost, output } = measure(contestant.command)
      const told = contestant.tells(output)
      truth ??= told
      const wrong = differences(contestant.name, told, truth)
      if (wrong.length > 0) throw new Error(wrong.join('\n'))
      results[index]?.costs.push(cost)
    }
  }
  return results
}

function measure(command: readonly string[]): { cost: Cost; output: string } {
  const dir = mkdtempSync(join(tmpdir(), 'lastpush-bench-'))
  try {
    const figures = join(dir, 'time')
    const line = ['-q', '-o', figures, '-f', '%U %S %e %M', ...command]
    const ran = spawnSync(timeProgram, line, { encoding: 'utf8', maxBuffer: outputBytesMax })
    if (ran.error !== undefined) throw ran.error
    if (ran.status !== 0) throw new Error(`${command.join(' ')} failed:\n${ran.stderr}`)
    const [user = 0, system = 0, wall = 0, kib = 0] = readFileSync(figures, 'utf8')
      .trim()
      .split(' ')
      .map(Number)
    return { cost: { cpu: user + system, wall, memory: kib / 1_024 }, output: ran.stdout }
  } finally {
    rmSync(dir, { recursive: true })
  }
}

/** The command line of `npm run bench`. Pure. */
import { parseArgs } from 'node:util'
import type { Settings } from './benchmark.ts'

export const usage = `usage: npm run bench [-- NAME… [options]]

  --quick      small inputs, one round: shows that all of it works
  --lines N    lines of input instead of the benchmark's own number
  --rounds N   how often each contestant runs
  --json FILE  the figures for machines as well
  --keep       the figures into bench/results/, to be committed`

export interface Arguments {
  readonly names: readonly string[]
  readonly settings: Settings
  readonly json: string | null
  readonly keep: boolean
}

/** @param known Names of benchmarks. @throws Error that says what is wrong with the arguments. */
export function readArguments(line: readonly string[], known: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...line],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      lines: { type: 'string' },
      rounds: { type: 'string' },
      json: { type: 'string' },
      keep: { type: 'boolean', default: false },
    },
  })
  for (const name of positionals) {
    if (!known.includes(name)) {
      throw new Error(`no benchmark is named ${name}; there are ${known.join(', ')}`)
    }
  }
  return {
    names: positionals.length === 0 ? known : known.filter((name) => positionals.includes(name)),
    settings: {
      quick: values.quick,
      lines: count('--lines', values.lines),
      rounds: count('--rounds', values.rounds),
    },
    json: values.json ?? null,
    keep: values.keep,
  }
}

/** The options that give these settings. */
export function sizeOptions({ quick, lines, rounds }: Settings): readonly string[] {
  return [
    ...(quick ? ['--quick'] : []),
    ...(lines === null ? [] : ['--lines', String(lines)]),
    ...(rounds === null ? [] : ['--rounds', String(rounds)]),
  ]
}

function count(option: string, text: string | undefined): number | null {
  if (text === undefined) return null
  const number = Number(text)
  if (!Number.isInteger(number) || number < 1) {
    throw new Error(`${option} takes a whole number from 1, not ${text}`)
  }
  return number
}

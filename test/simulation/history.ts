/** What happens to a simulated daemon: histories drawn from a seed, and the smallest part of one that
 *  still fails. */
import type { Random } from '../faults/random.ts'
import type { WriteTrap } from './crashing-state.ts'

/** Where a process dies. `now`: between two timers; else at the next passage of the place. */
export type Death = 'now' | WriteTrap | 'send-before' | 'send-after-yes'

/** How the receiver treats a notification. `lose`: it is taken, and the answer is lost. */
export type Reply = 'ok' | 'refuse' | 'lose' | 'slow'

export type Step =
  | { readonly do: 'append'; readonly count: number }
  | { readonly do: 'part' | 'rotate' | 'create' | 'settle' | 'copytruncate' | 'delete' | 'stop' }
  | { readonly do: 'crash'; readonly at: Death; readonly downMs: number }
  | { readonly do: 'tick' | 'fullDisk' | 'slowDisk'; readonly ms: number }
  | { readonly do: 'reply'; readonly how: Reply }

export interface History {
  readonly seed: number
  readonly glob: string
  readonly names: 'numbers' | 'dates'
  readonly steps: readonly Step[]
}

const stepsMax = 24
const globs = ['app.log', 'app.log*', '*'] as const
const deaths: readonly Death[] = [
  'now', 'now', 'commit-before', 'commit-torn', 'commit-torn', 'commit-after', 'dispatch-before',
  'dispatch-torn', 'dispatch-after', 'send-before', 'send-after-yes',
] // prettier-ignore
const replies: readonly Reply[] = ['ok', 'refuse', 'lose', 'slow']

export function historyOf(random: Random): History {
  const glob = random.pick(globs)
  const names = random.pick(['numbers', 'dates'] as const)
  const steps = Array.from({ length: 4 + random.below(stepsMax - 3) }, () => stepOf(random))
  return { seed: random.seed, glob, names, steps }
}

function stepOf(random: Random): Step {
  const draw = random.below(100)
  if (draw < 28) return { do: 'append', count: 1 + random.below(8) }
  if (draw < 34) return { do: 'part' }
  if (draw < 44) return { do: 'rotate' }
  if (draw < 48) return { do: 'create' }
  if (draw < 51) return { do: 'copytruncate' }
  if (draw < 54) return { do: 'delete' }
  if (draw < 56) return { do: 'settle' }
  if (draw < 68) return { do: 'crash', at: random.pick(deaths), downMs: random.below(1_500) }
  if (draw < 71) return { do: 'stop' }
  if (draw < 88) return { do: 'tick', ms: random.below(1_200) }
  if (draw < 91) return { do: 'fullDisk', ms: random.below(1_500) }
  if (draw < 94) return { do: 'slowDisk', ms: random.below(1_500) }
  return { do: 'reply', how: random.pick(replies) }
}

/** Leaves steps out, the greater parts first, for as long as the rest still fails. */
export async function shrunk(
  history: History,
  fails: (history: History) => Promise<boolean>,
): Promise<History> {
  let least = history
  for (let length = Math.ceil(history.steps.length / 2); length >= 1;) {
    let isSmaller = false
    for (let from = 0; from < least.steps.length;) {
      const shorter = { ...least, steps: least.steps.toSpliced(from, length) }
      if (await fails(shorter)) {
        least = shorter
        isSmaller = true
      } else from += length
    }
    if (!isSmaller || length > least.steps.length) length = length === 1 ? 0 : length >> 1
  }
  return least
}

/** For people, and for whoever repeats it: one step a line. */
export function traceOf({ seed, glob, names, steps }: History): string {
  const lines = steps.map((step) => `  ${JSON.stringify(step)}`)
  return [`seed ${seed}, source ${glob}, rotations by ${names}:`, ...lines].join('\n')
}

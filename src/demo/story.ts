/** The story, told over the public ways: a bad push through the deploy log, its fix through the
 *  command line, and an ordinary daemon that knows of neither beforehand. */
import type { Clock } from '../flow/time.ts'
import { openStateReader } from '../store/sqlite.ts'
import { judge, unfinished, type Expected, type Judgement } from './judge.ts'
import type { Push, Shop } from './shop.ts'

/** Seconds after the start of the live traffic. */
const badPushAt = 8
const rollOutSeconds = 1
const firingBy = 25
const fixAt = 30
const resolvedBy = 75
/** After the resolution, so that a second page would still be seen. */
const aftermathSeconds = 4

export const badSha = '3b77d0c5ae'
export const fixSha = '91c02fe77b'
const lookEveryMs = 500

/** Pushes of the hour before; all of them harmless. @param now s since the epoch. */
export function earlierPushes(now: number): readonly Push[] {
  const push = (minutesAgo: number, previous: string, sha: string, by: string): Push => {
    const end = now - minutesAgo * 60
    return { sha, previous, by, start: end - 20, end }
  }
  return [
    push(48, 'c41d9a2f07', 'e2b5518d3c', 'alice'),
    push(31, 'e2b5518d3c', '70af3c9be1', 'carol'),
    push(12, '70af3c9be1', '8fe1c02a91', 'bob'),
  ]
}

export interface StoryParts {
  readonly shop: Shop
  readonly clock: Clock
  readonly dataDir: string
  /** One line of the story, for people. */
  readonly tell: (text: string) => void
  /** Reports the fix as a person would, by `lastpush deploy`. */
  readonly reportFix: (sha: string, by: string) => Promise<void>
}

/** Runs until the story is over. @returns What was wrong with it; empty when all came as it should. */
export async function tellStory(
  parts: StoryParts,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { shop, clock, tell } = parts
  const start = clock.now()
  const until = (seconds: number): Promise<void> =>
    clock.sleep(start + seconds * 1_000 - clock.now(), signal)
  tell('live: about 300 lines a second')

  await until(badPushAt)
  const pushedAt = Math.floor(clock.now() / 1_000)
  shop.health = 'broken'
  await until(badPushAt + rollOutSeconds)
  if (signal.aborted) return []
  shop.logPush({ sha: badSha, previous: '8fe1c02a91', by: 'alice', start: pushedAt, end: pushedAt + rollOutSeconds }) // prettier-ignore
  tell(`push ${badSha} of web by alice goes out (deployinator.log)`)

  await until(fixAt)
  if (signal.aborted) return []
  await parts.reportFix(fixSha, 'bob')
  shop.health = 'well'
  tell(`push ${fixSha} of web by bob goes out: the fix (lastpush deploy)`)

  const expected: Expected = {
    bad: badSha,
    fix: fixSha,
    firingBy: start + firingBy * 1_000,
    resolvedBy: start + resolvedBy * 1_000,
  }
  const judgement = await watch(parts, expected, signal)
  return [...judgement.faults, ...unfinished(judgement)]
}

/** Looks until the resolution was delivered, or its time is over, and a little longer. */
async function watch(
  parts: StoryParts,
  expected: Expected,
  signal: AbortSignal,
): Promise<Judgement> {
  const { clock } = parts
  let judgement = await look(parts, expected)
  while (!signal.aborted && !judgement.resolved && clock.now() < expected.resolvedBy) {
    await clock.sleep(lookEveryMs, signal)
    judgement = await look(parts, expected)
  }
  await clock.sleep(aftermathSeconds * 1_000, signal)
  return look(parts, expected)
}

async function look({ dataDir }: StoryParts, expected: Expected): Promise<Judgement> {
  const reader = await openStateReader(dataDir)
  try {
    const [alerts, notifications] = [await reader.alerts({}), await reader.notifications()]
    return judge({ alerts, notifications }, expected)
  } finally {
    await reader.close()
  }
}

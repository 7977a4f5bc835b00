/** The story, told over the public ways: a bad push through the deploy log, its fix through the
 *  command line, and an ordinary daemon that knows of neither beforehand. What came of it is read
 *  from the daemon's store, read-only, as `lastpush since` without a daemon would. */
import type { Clock } from '../flow/time.ts'
import { openStateReader } from '../store/sqlite.ts'
import type { StateReader } from '../store/state.ts'
import { judge, unfinished, type Expected, type Judgement } from './judge.ts'
import type { Push, Shop } from './shop.ts'

/** Seconds after the daemon is up and the traffic live. */
const badPushAt = 8
const rollOutSeconds = 1
const firingBy = 25
const fixAt = 30
const resolvedBy = 75
/** After the resolution, so that a second page would still be seen. */
const aftermathSeconds = 4
const lookEveryMs = 250

export const badSha = '3b77d0c5ae'
export const fixSha = '91c02fe77b'
const lastGoodSha = '8fe1c02a91'

/** Pushes of the hour before; all of them harmless. @param now s since the epoch. */
export function earlierPushes(now: number): readonly Push[] {
  const push = (minutesAgo: number, previous: string, sha: string, by: string): Push => {
    const end = now - minutesAgo * 60
    return { sha, previous, by, start: end - 20, end }
  }
  return [
    push(48, 'c41d9a2f07', 'e2b5518d3c', 'alice'),
    push(31, 'e2b5518d3c', '70af3c9be1', 'carol'),
    push(12, '70af3c9be1', lastGoodSha, 'bob'),
  ]
}

export interface StoryParts {
  readonly shop: Pick<Shop, 'health' | 'logPush'>
  readonly clock: Clock
  readonly dataDir: string
  /** One line of the story, for people. */
  readonly tell: (text: string) => void
  /** Reports the fix as a person would, by `lastpush deploy`. @returns What the command said. */
  readonly reportFix: (sha: string, by: string) => Promise<string>
}

/** Runs until the story is over or the signal aborts.
 *  @returns What was wrong with it; empty when all came as it should. */
export async function tellStory(
  parts: StoryParts,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const start = parts.clock.now()
  const expected: Expected = {
    bad: badSha,
    fix: fixSha,
    firingBy: start + firingBy * 1_000,
    resolvedBy: start + resolvedBy * 1_000,
  }
  const over = new AbortController()
  const stop = AbortSignal.any([signal, over.signal])
  const reader = await openStateReader(parts.dataDir)
  try {
    const [judgement] = await Promise.all([
      watch(parts, reader, expected, stop),
      push(parts, start, stop),
    ])
    return [...judgement.faults, ...unfinished(judgement)]
  } finally {
    over.abort()
    await reader.close()
  }
}

/** Sends out the bad push and, later, its fix. */
async function push(parts: StoryParts, start: number, stop: AbortSignal): Promise<void> {
  const { shop, clock, tell } = parts
  const until = (seconds: number): Promise<void> =>
    clock.sleep(start + seconds * 1_000 - clock.now(), stop)
  await until(badPushAt)
  if (stop.aborted) return
  const pushedAt = Math.floor(clock.now() / 1_000)
  shop.health = 'broken'
  await until(badPushAt + rollOutSeconds)
  if (stop.aborted) return
  shop.logPush({
    ...{ sha: badSha, previous: lastGoodSha, by: 'alice' },
    ...{ start: pushedAt, end: pushedAt + rollOutSeconds },
  })
  tell(`alice has pushed ${badSha} to web, says deployinator.log; checkouts begin to fail`)

  await until(fixAt)
  if (stop.aborted) return
  tell(`bob pushes the fix: lastpush deploy --sha ${fixSha} --service web --by bob`)
  const said = await parts.reportFix(fixSha, 'bob')
  shop.health = 'well'
  tell(said)
}

/** Looks until the resolution's time is over, or it was delivered and a little longer. */
async function watch(
  { clock, tell }: StoryParts,
  reader: StateReader,
  expected: Expected,
  stop: AbortSignal,
): Promise<Judgement> {
  let judgement = await look(reader, expected)
  while (!stop.aborted && !judgement.resolved && clock.now() < expected.resolvedBy) {
    await clock.sleep(lookEveryMs, stop)
    const before = judgement
    judgement = await look(reader, expected)
    if (judgement.paged && !before.paged) tell('that was the page')
    if (judgement.resolved && !before.resolved) tell('that was its end')
  }
  if (!judgement.resolved) return judgement
  await clock.sleep(aftermathSeconds * 1_000, stop)
  return look(reader, expected)
}

async function look(reader: StateReader, expected: Expected): Promise<Judgement> {
  const [alerts, notifications] = [await reader.alerts({}), await reader.notifications()]
  return judge({ alerts, notifications }, expected)
}

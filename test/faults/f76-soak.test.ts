/** F76: faults of all kinds in an order that a seed gives, for as long as LASTPUSH_SOAK_SECONDS says
 *  (`npm run test:soak`). In its second half the daemon is never ended, so that what it holds can be
 *  watched. */
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Daemon, until } from './daemon.ts'
import { Storm } from './storm.ts'
import { canTrace, inject } from './strace.ts'

const seconds = Number(process.env['LASTPUSH_SOAK_SECONDS'] ?? 0)
/** More than what the heap swings by between two collections. */
const growthMaxMiB = 40
const descriptorsMore = 8

/** One fault upon a running daemon, over when it resolves. */
type Injector = (daemon: Daemon, storm: Storm) => Promise<void>

const bearable: readonly Injector[] = [
  async (daemon, storm) => {
    daemon.signal('SIGSTOP')
    await storm.moment(3_000)
    daemon.signal('SIGCONT')
  },
  async (daemon, storm) => storm.push(daemon),
  async (daemon) => daemon.signal('SIGHUP'),
  async (daemon, storm) => traced(daemon, storm, 'inject=pread64,read:error=EIO:when=2+3', storm.writer.accessPath), // prettier-ignore
  async (daemon, storm) => traced(daemon, storm, 'inject=pwrite64:error=EINTR:when=3+5'),
  async (daemon, storm) => traced(daemon, storm, 'inject=pread64:error=EAGAIN:when=2+9'),
  shortWrites,
]
const deadly: readonly NodeJS.Signals[] = ['SIGKILL', 'SIGTERM']

test(
  'F76: over a long time of mixed faults nothing is lost, repeated or piled up',
  { timeout: seconds * 2_000 + 300_000 },
  async (context) => {
    context.skip(seconds === 0, 'runs for LASTPUSH_SOAK_SECONDS: npm run test:soak')
    const storm = await Storm.begin()
    let ends = 1
    let daemon = await storm.start().ready()
    const half = performance.now() + seconds * 500
    while (performance.now() < half) {
      await storm.moment(2_000)
      if (storm.random.next() < 0.5) {
        await storm.random.pick(bearable)(daemon, storm)
        continue
      }
      daemon.signal(storm.random.pick(deadly))
      await daemon.ended
      ends += 1
      daemon = await storm.start().ready()
    }
    const held = await bear(daemon, storm, seconds * 500)
    expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
    expectFlat(held, storm.random.seed)
    await storm.settleAsReplayed(ends)
  },
)

interface Held {
  readonly rssMiB: number
  readonly descriptors: number
}

/** Faults that it lives through, and what it holds between them. */
async function bear(daemon: Daemon, storm: Storm, ms: number): Promise<Held[]> {
  const held: Held[] = []
  const end = performance.now() + ms
  while (performance.now() < end) {
    await storm.random.pick(bearable)(daemon, storm)
    await delay(1_500)
    const rss = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${daemon.pid}/status`, 'utf8'))?.[1]
    const descriptors = readdirSync(`/proc/${daemon.pid}/fd`).length
    held.push({ rssMiB: Number(rss) / 1_024, descriptors })
  }
  return held
}

/** The last third is not above the middle one; the first is still warming up. */
function expectFlat(held: readonly Held[], seed: number): void {
  const third = Math.floor(held.length / 3)
  const [middle, last] = [held.slice(third, 2 * third), held.slice(2 * third)]
  const told = `LASTPUSH_FAULTS_SEED=${seed} ${JSON.stringify(held)}`
  const median = (of: readonly Held[], what: keyof Held) =>
    of.map((each) => each[what]).sort((a, b) => a - b)[Math.floor(of.length / 2)] ?? 0
  expect(median(last, 'rssMiB'), told).toBeLessThan(median(middle, 'rssMiB') + growthMaxMiB)
  expect(median(last, 'descriptors'), told).toBeLessThanOrEqual(median(middle, 'descriptors') + descriptorsMore) // prettier-ignore
}

async function traced(
  daemon: Daemon,
  storm: Storm,
  expression: string,
  path?: string,
): Promise<void> {
  // prettier-ignore
  if (!canTrace) return
  const injection = await inject(daemon.pid, expression, path)
  await storm.moment(2_000)
  await injection.lift()
}

/** The store takes only a part of a write, then nothing for a while. */
async function shortWrites(daemon: Daemon, storm: Storm): Promise<void> {
  const limit = (bytes: number | 'unlimited') =>
    spawnSync('prlimit', [`--pid=${daemon.pid}`, `--fsize=${bytes}:unlimited`])
  const bytes = statSync(join(storm.dataDir, 'state.db-wal')).size
  limit(bytes + 1 + storm.random.below(4_000))
  await storm.moment(2_000)
  limit('unlimited')
  await until('commits to go on', async () => (await daemon.health()).status === 200)
}

/** F36: writes that take only a part, and calls that are interrupted. A limit on the size of files
 *  makes the kernel itself cut a write in two: the part that fits is written, the rest is refused. */
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Daemon, folder, full, until } from './daemon.ts'
import { seeded } from './random.ts'
import { RequestLog } from './requests.ts'
import { canTrace, inject, traceReason } from './strace.ts'

const rounds = full ? 30 : 2

test(
  `F36: ${rounds} times a write to the store takes only a part, and every line counts once`,
  { timeout: rounds * 20_000 + 60_000 },
  async (context) => {
    context.skip(spawnSync('prlimit', ['--version']).status !== 0, 'needs prlimit')
    const random = seeded()
    const dir = folder()
    const log = new RequestLog(dir)
    const dataDir = join(dir, 'data')
    const daemon = await new Daemon({ dataDir, args: log.args }).ready()
    const limit = (bytes: number | 'unlimited') =>
      spawnSync('prlimit', [`--pid=${daemon.pid}`, `--fsize=${bytes}:unlimited`]).status
    for (let round = 0; round < rounds; round++) {
      log.append(100)
      await daemon.lines(log.path, log.lines)
      // Somewhere in the next page of the write-ahead log, never at its border.
      const walBytes = statSync(join(dataDir, 'state.db-wal')).size
      expect(limit(walBytes + 1 + random.below(4_000))).toBe(0)
      const beginning = performance.now()
      await until('the short write to be felt', async () => {
        log.append(10)
        // SQLite has begun its log anew and writes far below: every place is too far from now on.
        if (performance.now() - beginning > 3_000) limit(4_100)
        return (await daemon.health()).status === 503
      })
      expect(limit('unlimited')).toBe(0)
      await until('commits to go on', async () => (await daemon.health()).status === 200)
    }
    await log.settle(daemon)
  },
)

test('F36: interrupted and refused calls are tried again, and every line counts once', async (context) => {
  context.skip(!canTrace, traceReason)
  const dir = folder()
  const log = new RequestLog(dir)
  const daemon = await new Daemon({ dataDir: join(dir, 'data'), args: log.args }).ready()
  for (const [call, error] of [
    ['pwrite64', 'EINTR'],
    ['pread64', 'EINTR'],
    ['pread64', 'EAGAIN'],
    ['pwrite64', 'EAGAIN'],
  ]) {
    const injection = await inject(daemon.pid, `inject=${call}:error=${error}:when=3+5`)
    const end = performance.now() + (full ? 10_000 : 700)
    while (performance.now() < end) {
      log.append(50)
      await daemon.status()
    }
    await injection.lift()
    await daemon.lines(log.path, log.lines)
  }
  await log.settle(daemon)
})

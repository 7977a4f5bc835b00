/** F35: a sync of the store fails. The kernel may then have dropped what it should have written, so
 *  nothing goes on as if it were committed: the transaction is done again over a fresh connection,
 *  or everything is refused until a restart has read what the file holds. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Daemon, folder, full, until } from './daemon.ts'
import { seeded } from './random.ts'
import { RequestLog } from './requests.ts'
import { canTrace, traced, traceReason } from './strace.ts'

const rounds = full ? 15 : 1

test(
  `F35: ${rounds} times a sync of the store fails, and every line counts once`,
  { timeout: rounds * 30_000 + 60_000 },
  async (context) => {
    context.skip(!canTrace, traceReason)
    const random = seeded()
    const dir = folder()
    const log = new RequestLog(dir)
    const dataDir = join(dir, 'data')
    await log.settle(await new Daemon({ dataDir, args: log.args }).ready())
    for (let round = 0; round < rounds; round++) {
      const error = random.pick(['EIO', 'ENOSPC'])
      const first = 8 + random.below(20)
      // Of the syncs of a thread one may be of a fold of the log, which loses nothing and is not told.
      const expression = `inject=fsync,fdatasync:error=${error}:when=${first}..${first + 3}`
      const daemon = new Daemon({ dataDir, args: log.args, prefix: traced([expression]) })
      await daemon.ready()
      await until(`${expression} to be felt`, () => {
        log.append(1)
        return daemon.stderr.includes('"msg":"not committed')
      })
      expect(daemon.stderr).toMatch(/"code":"STORE_(UNWRITABLE|FULL)"/)
      log.append(50)
      await until('the daemon to go on, or to ask for a restart', async () => {
        const { status, reasons } = await daemon.health()
        return status === 200 || reasons.some((reason) => reason.includes('restart lastpush'))
      })
      await daemon.stop()
    }
    await log.settle(await new Daemon({ dataDir, args: log.args }).ready())
  },
)

/** F50: the process stands still (a suspended machine, SIGSTOP) while lines are written. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { full } from './daemon.ts'
import { Storm } from './storm.ts'

const stoppedMs = full ? 120_000 : 6_000

test(
  'F50: lines written while the process stood still are counted and decided on as any others',
  { timeout: stoppedMs + 120_000 },
  async () => {
    const storm = await Storm.begin()
    const daemon = await storm.start().ready()
    await daemon.lines(storm.writer.accessPath, 1_000)
    daemon.signal('SIGSTOP')
    await delay(stoppedMs)
    daemon.signal('SIGCONT')
    await daemon.lines(storm.writer.accessPath, storm.writer.access.lines)
    expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
    await storm.settleAsReplayed(1)
  },
)

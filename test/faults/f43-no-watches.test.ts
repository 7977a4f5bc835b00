/** F43: the system gives no watches, and quiet files are found to have grown all the same. */
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Daemon, folder } from './daemon.ts'
import { canTrace, traced, traceReason } from './strace.ts'

test.for(['inotify_init1:error=EMFILE', 'inotify_add_watch:error=ENOSPC'])(
  'F43: with %s quiet files are found to have grown by looking',
  { timeout: 120_000 },
  async (fault, context) => {
    context.skip(!canTrace, traceReason)
    const dir = folder()
    mkdirSync(join(dir, 'logs'))
    const log = join(dir, 'logs/app.log')
    appendFileSync(log, 'one\n')
    const daemon = await new Daemon({
      dataDir: join(dir, 'data'),
      args: [log, '--parser', 'plain', '--rules', 'none', '--port', '0'],
      prefix: traced([`inject=${fault}`]),
    }).ready()
    await daemon.lines(log, 1)
    // Longer than a file has to be silent before it is left to a watch.
    await new Promise((done) => setTimeout(done, 3_000))
    appendFileSync(log, 'two\n')
    expect(await daemon.lines(log, 2)).toMatchObject({ lines: 2, events: 2, fault: null })
    expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
  },
)

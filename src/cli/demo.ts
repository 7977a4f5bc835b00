/** `demo`: what `npm start` runs. An ordinary daemon on a shop's logs, a push that breaks it, and
 *  the push that mends it. */
import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { loadConfig } from '../config.ts'
import { startDaemon } from '../daemon.ts'
import { Shop } from '../demo/shop.ts'
import { earlierPushes, tellStory } from '../demo/story.ts'
import { LastpushError } from '../model/errors.ts'
import { print, type AddCommand, type Io } from './io.ts'
import { createLog, nextSignal } from './run.ts'

const portWanted = 7077
const portsTried = 20

interface DemoOptions {
  readonly once?: boolean
}

export const addDemo: AddCommand = (program, io) => {
  program
    .command('demo')
    .summary('a shop, a push that breaks it and the push that mends it; no configuration needed')
    .option('--once', 'end after the story: status 0 when the one alert came as it should, else 1')
    .action((options: DemoOptions) => demo(io, options.once === true))
}

async function demo(io: Io, once: boolean): Promise<void> {
  const log = createLog({ ...io, env: { LASTPUSH_LOG_LEVEL: 'warn', ...io.env } })
  const signalled = nextSignal(log)
  const shop = new Shop(io.clock, await freePort(portWanted))
  const stop = new AbortController()
  try {
    const dataDir = join(shop.dir, 'data')
    print(io, `lastpush demo: the logs of a small shop, in ${shop.dir}\n`)
    print(io, indent(`lastpush.yaml\n\n${shop.config}`))
    shop.writeHistory(earlierPushes(Math.floor(io.clock.now() / 1_000)))
    const daemon = await startDaemon(loadConfig(join(shop.dir, 'lastpush.yaml')), {
      clock: io.clock,
      log,
      screen: io.out,
      dataDir,
      random: Math.random,
    })
    try {
      print(io, `The page:           ${daemon.origin}`)
      print(io, 'On your own logs:   node dist/main.js run /var/log/nginx/access.log')
      print(io, 'End:                ^C\n')
      const live = shop.live(stop.signal)
      const started = io.clock.now()
      const story = tellStory(
        {
          shop,
          clock: io.clock,
          dataDir,
          tell: (text) => {
            const seconds = Math.round((io.clock.now() - started) / 1_000)
            print(io, `[${String(seconds).padStart(2)} s] ${text}`)
          },
          reportFix: (sha, by) => reportFix(sha, by, dataDir),
        },
        stop.signal,
      )
      const faults = await Promise.race([story, signalled.then(() => null)])
      if (faults !== null) report(io, faults, once)
      if (faults !== null && !once) await signalled
      stop.abort()
      await live
    } finally {
      stop.abort()
      await daemon.stop()
    }
  } finally {
    shop.remove()
  }
}

function report(io: Io, faults: readonly string[], once: boolean): void {
  if (faults.length === 0) {
    print(
      io,
      '\nThat was the story: one page, which named the push, and one end, which named its fix.',
    )
    if (!once) print(io, 'The shop stays open. Look at the page; ^C ends it.')
    return
  }
  const message = `the story did not come as it should: ${faults.join('; ')}`
  if (once) throw new LastpushError('STORY_FAILED', message)
  io.err.write(`${message}\n`)
}

/** The fix is reported by the command that a person or a deploy script would use. */
async function reportFix(sha: string, by: string, dataDir: string): Promise<void> {
  const program = fileURLToPath(new URL('../main.js', import.meta.url))
  const report = ['deploy', '--sha', sha, '--service', 'web', '--by', by, '--data', dataDir]
  await promisify(execFile)(process.execPath, [program, ...report])
}

/** The wanted port, or the next one that is free. */
async function freePort(wanted: number): Promise<number> {
  for (let port = wanted; port < wanted + portsTried; port++) {
    if (await isFree(port)) return port
  }
  return 0
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ')
}

/** `demo`: what `npm start` runs. An ordinary daemon on a shop's logs, a push that breaks it, and
 *  the push that mends it. */
import { execFile } from 'node:child_process'
import { createServer } from 'node:net'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { loadConfig } from '../config.ts'
import { startDaemon, type Daemon, type DaemonEnvironment } from '../daemon.ts'
import { KafkaLogs } from '../demo/kafka-logs.ts'
import { Shop, type Push } from '../demo/shop.ts'
import { earlierPushes, tellStory } from '../demo/story.ts'
import { LastpushError } from '../model/errors.ts'
import { visible } from '../model/escape.ts'
import { packageRoot } from '../package.ts'
import { print, type AddCommand, type Io } from './io.ts'
import { createLog, nextSignal } from './follow.ts'

/** Where `npm run servers` has its broker. */
const brokerUsual = '127.0.0.1:9092'
const portWanted = 7077
const portsTried = 20
const program = join(packageRoot, 'dist/main.js')

interface DemoOptions {
  readonly once?: boolean
  /** true: at the usual address. */
  readonly kafka?: string | true
}

export const addDemo: AddCommand = (commands, io) => {
  commands
    .command('demo')
    .summary('a shop, a push that breaks it and the push that mends it; no configuration needed')
    .option('--once', 'end after the story: status 0 when the one alert came as it should, else 1')
    .option('--kafka [host:port]', `the logs go through topics of Kafka; default ${brokerUsual}`)
    .addHelpText(
      'after',
      '\nExamples:\n  lastpush demo\n  lastpush demo --once\n  lastpush demo --kafka\n',
    )
    .action((options: DemoOptions) => demo(io, options))
}

async function demo(io: Io, options: DemoOptions): Promise<void> {
  const once = options.once === true
  const log = createLog({ ...io, env: { LASTPUSH_LOG_LEVEL: 'warn', ...io.env } })
  const signalled = nextSignal(log)
  const broker = options.kafka === true ? brokerUsual : options.kafka
  const topics = broker === undefined ? null : await KafkaLogs.open(broker)
  const shop = new Shop(io.clock, topics === null ? undefined : () => topics)
  // A second signal ends the process at once; the folder goes all the same.
  const remove = (): void => shop.remove()
  process.once('exit', remove)
  const stop = new AbortController()
  const pushes = earlierPushes(Math.floor(io.clock.now() / 1_000))
  let live: Promise<void> | null = null
  try {
    const place = visible(shop.logs.place)
    print(io, `lastpush demo: the logs of a small shop, ${place} until the end\n`)
    await shop.writeHistory(pushes)
    live = shop.live(stop.signal)
    // It is awaited below, but may fail before that.
    live.catch(() => {})
    const dataDir = join(shop.dir, 'data')
    const environment = {
      clock: io.clock,
      log,
      screen: io.out,
      dataDir,
      random: Math.random,
      // The logs of the machine are no part of the story.
      logPlaces: [],
    }
    const daemon = await startOnFreePort(shop, environment, (config) => showConfig(io, config))
    try {
      direct(io, daemon.origin, pushes)
      const { origin } = daemon
      const reportFix = (sha: string, by: string) => reportDeploy(sha, by, origin)
      const parts = { shop, clock: io.clock, dataDir, tell: timed(io), reportFix }
      const story = tellStory(parts, stop.signal)
      // The traffic ends only by an error.
      const faults = await Promise.race([story, signalled.then(() => null), live.then(() => null)])
      if (faults !== null) report(io, faults, once)
      if (faults !== null && !once) await Promise.race([signalled, live])
    } finally {
      stop.abort()
      await daemon.stop()
    }
  } finally {
    stop.abort()
    await Promise.allSettled([live])
    await shop.logs.close()
    remove()
    process.off('exit', remove)
  }
}

/** Starts the daemon on the wanted port, or on the next one that is free: another process may take
 *  one between the look and the start. */
async function startOnFreePort(
  shop: Shop,
  environment: DaemonEnvironment,
  onConfigured: (config: string) => void,
): Promise<Daemon> {
  for (let from = portWanted; ;) {
    const port = await freePort(from)
    const config = shop.configure(port)
    try {
      const daemon = await startDaemon(loadConfig(shop.configPath), environment)
      onConfigured(config)
      return daemon
    } catch (error) {
      if (!(error instanceof LastpushError && error.code === 'PORT_IN_USE')) throw error
      from = port + 1
    }
  }
}

function showConfig(io: Io, config: string): void {
  print(io, `  lastpush.yaml\n\n${config.replace(/^(?=.)/gm, '  ')}`)
}

/** Where to look, what to try next, and what has gone out before the story begins. */
function direct(io: Io, origin: string, pushes: readonly Push[]): void {
  const taken = origin.endsWith(`:${portWanted}`) ? '' : ` (port ${portWanted} is taken)`
  const command = visible(relative(process.cwd(), program))
  print(io, `The page:           ${origin}${taken}`)
  print(io, `On your own logs:   node ${command} run /var/log/nginx/access.log`)
  print(io, 'End:                ^C\n')
  for (const { sha, by, end } of pushes) {
    const minutes = Math.round((io.clock.now() / 1_000 - end) / 60)
    print(io, `[-${minutes} min] ${by} has pushed ${sha} to web: harmless`)
  }
  print(io, '[   0 s] an hour of history is there; from now on about 300 lines a second')
}

/** Prints a line with the seconds since this call. */
function timed(io: Io): (text: string) => void {
  const start = io.clock.monotonic()
  return (text) => {
    const seconds = Math.round((io.clock.monotonic() - start) / 1_000)
    print(io, `[${String(seconds).padStart(4)} s] ${text}`)
  }
}

function report(io: Io, faults: readonly string[], once: boolean): void {
  if (faults.length > 0) {
    const message = visible(`the story did not come as it should: ${faults.join('; ')}`)
    if (once) throw new LastpushError('STORY_FAILED', message)
    io.err.write(`lastpush: ${message}\n`)
    return
  }
  print(io, '\nThat was the story: one page that named the push, one end that named its fix.')
  if (!once) print(io, 'The shop stays open. Look at the page; ^C ends it.')
}

/** The fix is reported by the command that a person or a deploy script would use. The daemon is
 *  named, since $LASTPUSH_SERVER may name a real one. */
async function reportDeploy(sha: string, by: string, origin: string): Promise<string> {
  const args = ['deploy', '--sha', sha, '--service', 'web', '--by', by, '--server', origin]
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...args])
    return visible(stdout.trim())
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new LastpushError('STORY_FAILED', `the fix could not be reported: ${why}`, { cause })
  }
}

/** The first free port from here on; 0, which takes any, when many are taken. */
async function freePort(from: number): Promise<number> {
  for (let port = from; port < portWanted + portsTried; port++) {
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

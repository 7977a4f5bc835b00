/** `run` without `--once`: the daemon, from its log to its last words. */
import { resolve } from 'node:path'
import { pino, type Logger } from 'pino'
import pretty from 'pino-pretty'
import type { Config } from '../config.ts'
import { startDaemon, type Daemon } from '../daemon.ts'
import { usualLogs } from '../daemon/unread.ts'
import { appendToSpool } from '../store/spool.ts'
import { LastpushError } from '../model/errors.ts'
import type { Screen } from '../receivers/receiver.ts'
import { configOf, readDeploys, rulePatterns } from './engine.ts'
import { assertSomething, sourcesGiven } from './given-sources.ts'
import { dataDirOf, type Io } from './io.ts'
import type { RunOptions } from './run-options.ts'

/** Log lines that may wait for whoever reads standard error, bytes. */
const unreadLogBytesMax = 1_048_576
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']
/** How long a signal waits for a start that is under way, ms. */
const startEndsWithinMs = 2_000
/** How long the end of the process waits for whoever reads its output, ms. */
const flushWithinMs = 1_000

/** Runs until a signal ends it. */
export async function runDaemon(
  io: Io,
  files: readonly string[],
  options: RunOptions,
): Promise<void> {
  const log = createLog(io)
  const config = withArguments(configOf(options), files, options)
  assertSomething(config.sources)
  const dataDir = dataDirOf(options.data ?? config.store.path ?? undefined, io.env)
  if (options.deploys !== undefined) {
    for (const deploy of readDeploys(io, options.deploys, config.env).list()) {
      await appendToSpool(dataDir, deploy)
    }
  }
  const signalled = nextSignal(log)
  const starting = startDaemon(config, {
    clock: io.clock,
    log,
    screen: io.out,
    dataDir,
    random: Math.random,
    logPlaces: usualLogs,
  })
  const daemon = await Promise.race([starting, signalled.then(() => null)])
  if (daemon === null) return endStart(io, log, starting)
  log.info({ origin: daemon.origin, dataDir }, `lastpush is up: ${daemon.origin}`)
  await signalled
  log.info({}, 'stopping: draining and committing')
  const failure = await daemon.stop().then(
    () => null,
    (error: unknown) => notStored(error),
  )
  if (failure === null) log.info({}, 'stopped')
  // Unread output would keep the process for as long as its reader does nothing.
  if (!(await flushed(io))) {
    process.exit(failure instanceof LastpushError ? failure.exitCode : io.exitCode)
  }
  if (failure !== null) throw failure
}

/** Ends a daemon that is still starting, as a whole where its start comes to an end in time. Nothing
 *  is lost: it has committed nothing that it would not read again. */
async function endStart(io: Io, log: Logger, starting: Promise<Daemon>): Promise<void> {
  const over = new AbortController()
  const ended = starting.then((daemon) => daemon.stop()).then(() => true)
  const inTime = await Promise.race([
    ended.catch(() => true),
    io.clock.sleep(startEndsWithinMs, over.signal).then(() => false),
  ])
  over.abort()
  log.info({}, 'stopped before the start was done')
  if (!inTime || !(await flushed(io))) process.exit(io.exitCode)
}

/** The error of a stop; of one that the store has caused, with what it means for the lines. */
function notStored(error: unknown): Error {
  if (!(error instanceof LastpushError))
    return error instanceof Error ? error : new Error(String(error))
  const told =
    'stopped without its last commit: files and topics are read again from the one before'
  return new LastpushError(error.code, `${told}; ${error.message}`, { cause: error })
}

/** True when all that was printed has been taken, false when it has not in time. */
async function flushed(io: Io): Promise<boolean> {
  const over = new AbortController()
  const taken = [io.out, io.err].map(
    (screen) => new Promise((resolve) => screen.write('', () => resolve(true))),
  )
  const late = io.clock.sleep(flushWithinMs, over.signal).then(() => false)
  const all = await Promise.race([Promise.all(taken).then(() => true), late])
  over.abort()
  return all
}

/** The configuration with what the command line adds or overrides. */
function withArguments(config: Config, files: readonly string[], options: RunOptions): Config {
  return {
    ...config,
    env: options.env ?? config.env,
    sources: [...config.sources, ...sourcesGiven(files, options, config)],
    rules: rulePatterns(options, config),
    http: {
      ...config.http,
      host: options.host ?? config.http.host,
      port: options.port ?? config.http.port,
      token:
        options.tokenFile === undefined ? config.http.token : { file: resolve(options.tokenFile) },
    },
  }
}

/** Structured logs: JSON lines on stderr, or readable ones where a person looks. */
export function createLog(io: Io): Logger {
  const level = logLevelOf(io.env)
  const errorKey = 'error'
  if (io.err.isTTY !== true) return pino({ level, errorKey, base: null }, bounded(io.err))
  return pino({ level, errorKey, base: null }, pretty({ destination: io.err, colorize: true, ignore: 'pid,hostname', errorLikeObjectKeys: ['error'] })) // prettier-ignore
}

function logLevelOf(env: NodeJS.ProcessEnv): string {
  const level = env['LASTPUSH_LOG_LEVEL'] || 'info'
  if (logLevels.includes(level)) return level
  const known = 'trace, debug, info, warn, error or fatal'
  const message = `LASTPUSH_LOG_LEVEL takes ${known}, got ${JSON.stringify(level)}`
  throw new LastpushError('USAGE', message)
}

/** Drops lines while the reader is too far behind: its pipe must not fill our memory. */
function bounded(screen: Screen): { write(line: string): void } {
  return {
    write: (line) => {
      const waiting = (screen as { readonly writableLength?: number }).writableLength ?? 0
      if (waiting < unreadLogBytesMax) screen.write(line)
    },
  }
}

/** Resolves at the first SIGTERM or SIGINT; the second ends the process at once. */
export function nextSignal(log: Logger): Promise<void> {
  return new Promise((resolve) => {
    let asked = false
    const onSignal = (signal: NodeJS.Signals): void => {
      if (asked) process.exit(128 + (signal === 'SIGINT' ? 2 : 15))
      asked = true
      log.info({ signal }, `${signal}: stopping; once more ends at once`)
      resolve()
    }
    process.on('SIGTERM', onSignal)
    process.on('SIGINT', onSignal)
    process.on('SIGHUP', () => log.warn({}, 'SIGHUP: restart to read the configuration again'))
  })
}

/** `run`: the daemon, or with `--once` one pass over files and a summary. */
import { resolve } from 'node:path'
import { pino, type Logger } from 'pino'
import pretty from 'pino-pretty'
import type { Config } from '../config.ts'
import { fileSourceConfig, stdinSourceConfig } from '../config/entries.ts'
import { startDaemon } from '../daemon.ts'
import { usualLogs } from '../daemon/unread.ts'
import { appendToSpool } from '../store/spool.ts'
import { LastpushError } from '../model/errors.ts'
import { machineZone } from '../parsers/zone.ts'
import type { Screen } from '../receivers/receiver.ts'
import { configOf, onePass, readDeploys, rulePatterns, type OnePassOptions } from './engine.ts'
import { collect, dataDirOf, printJson, type AddCommand, type Io } from './io.ts'
import { printSummary, summaryOf } from './summary.ts'

/** Log lines that may wait for whoever reads standard error, bytes. */
const unreadLogBytesMax = 1_048_576
/** How long the end of the process waits for whoever reads its output, ms. */
const flushWithinMs = 1_000

interface RunOptions extends OnePassOptions {
  readonly once?: boolean
  readonly json?: boolean
  readonly data?: string
  readonly port?: number
  readonly host?: string
  readonly tokenFile?: string
}

export const addRun: AddCommand = (program, io) => {
  program
    .command('run')
    .summary('follow logs, count, alert; with --once read them to the end and stop')
    .argument('[files...]', 'log files or globs, read from the beginning; - is standard input')
    .option('-c, --config <file>', 'lastpush.yaml')
    .option('--once', 'read to the end, print a summary and exit')
    .option('--json', 'with --once: print one JSON object')
    .option('--parser <name>', 'format of the files; told from their first lines when absent')
    .option('--zone <name>', "zone of times that name none; default this machine's")
    .option('--service <name>', 'service of the files')
    .option('--env <name>', 'environment of the files')
    .option('--deploys <file>', 'deploys: Deployinator lines, or NDJSON')
    .option(
      '--rules <glob>',
      'rule files, or none; may be repeated; default: the shipped pack',
      collect,
    )
    .option('--data <dir>', 'data directory of the daemon')
    .option('--host <address>', 'address to listen on; other than loopback needs a token')
    .option('--token-file <file>', 'file with the token that everybody must show')
    .option('--port <number>', 'port of the page and the API; 0 takes a free one', Number)
    .addHelpText('after', examples)
    .action(async (files: string[], options: RunOptions) => {
      if (options.once === true) await runOnce(io, files, options)
      else await runDaemon(io, files, options)
    })
}

const examples = `
Examples:
  lastpush run /var/log/nginx/access.log /var/log/php/error.log
  lastpush run -c /etc/lastpush/lastpush.yaml
  lastpush run access.log --once --json --deploys deploys.log
`

async function runOnce(io: Io, files: readonly string[], options: RunOptions): Promise<void> {
  const config = configOf(options)
  const pass = await onePass(io, files, rulePatterns(options, config), options)
  const summary = summaryOf(pass)
  if (options.json === true) printJson(io, summary)
  else printSummary(io, summary)
}

async function runDaemon(io: Io, files: readonly string[], options: RunOptions): Promise<void> {
  const log = createLog(io)
  const config = withArguments(configOf(options), files, options)
  if (config.sources.length === 0) {
    const message = 'nothing to read: name log files, or a lastpush.yaml with sources (-c)'
    throw new LastpushError('USAGE', message)
  }
  const dataDir = dataDirOf(options.data ?? config.store.path ?? undefined, io.env)
  if (options.deploys !== undefined) {
    for (const deploy of readDeploys(io, options.deploys, config.env).list()) {
      await appendToSpool(dataDir, deploy)
    }
  }
  const signalled = nextSignal(log)
  const daemon = await startDaemon(config, {
    clock: io.clock,
    log,
    screen: io.out,
    dataDir,
    random: Math.random,
    logPlaces: usualLogs,
  })
  log.info({ origin: daemon.origin, dataDir }, `lastpush is up: ${daemon.origin}`)
  await signalled
  log.info({}, 'stopping: draining and committing')
  await daemon.stop()
  log.info({}, 'stopped')
  // Unread output would keep the process for as long as its reader does nothing.
  if (!(await flushed(io))) process.exit(io.exitCode)
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
  const settings = {
    service: options.service ?? null,
    env: options.env ?? config.env,
    parser: options.parser ?? null,
    zone: options.zone ?? machineZone(),
    latenessMs: config.latenessMs,
  }
  const paths = files.filter((file) => file !== '-')
  const added = paths.length === 0 ? [] : [fileSourceConfig(paths, settings)]
  if (files.includes('-')) added.push(stdinSourceConfig(settings))
  return {
    ...config,
    env: options.env ?? config.env,
    sources: [...config.sources, ...added],
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
  const level = io.env['LASTPUSH_LOG_LEVEL'] ?? 'info'
  const errorKey = 'error'
  if (io.err.isTTY !== true) return pino({ level, errorKey, base: null }, bounded(io.err))
  return pino({ level, errorKey, base: null }, pretty({ destination: io.err, colorize: true, ignore: 'pid,hostname', errorLikeObjectKeys: ['error'] })) // prettier-ignore
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

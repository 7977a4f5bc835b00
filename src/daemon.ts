/** The composition root of the daemon: builds every part from the configuration, starts them in
 *  order, and takes them down in the reverse order, also when a start fails half-way. One straight
 *  function on purpose: the order is the content. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Dispatcher } from './alerts/dispatcher.ts'
import { loadParsers, loadRules } from './catalog.ts'
import { packageRoot, type Config } from './config.ts'
import { Delivery } from './daemon/delivery.ts'
import { Ingest } from './daemon/ingest.ts'
import { RunningSources } from './daemon/sources.ts'
import { DaemonView } from './daemon/view.ts'
import { DeployLog } from './deploys/deploy-log.ts'
import { readReport } from './deploys/report.ts'
import { DeployTracker } from './deploys/tracker.ts'
import type { Log } from './flow/log.ts'
import { Metrics } from './flow/metrics.ts'
import { isoTime, type Clock } from './flow/time.ts'
import { sameSha, type Deploy } from './model/deploy.ts'
import { LastpushError } from './model/errors.ts'
import { Pipeline } from './pipeline.ts'
import type { Receiver, Screen } from './receivers/receiver.ts'
import { Outbox } from './receivers/outbox.ts'
import { receiverTypes } from './registry.ts'
import { ApiServer } from './server/api.ts'
import { Indexer } from './store/indexer.ts'
import { lockDataDir } from './store/lock.ts'
import { takeUpSpool } from './store/spool.ts'
import { openState } from './store/sqlite.ts'
import { openEventIndex } from './store/sqlite-events.ts'
import { prepareDataDir } from './store/data-dir.ts'
import type { State } from './store/state.ts'
import { version } from './version.ts'
import { historyMs } from './windows/history.ts'

/** Deliveries under way at once, over all receivers. */
const deliveriesMax = 8
/** Old panes are coarsened and old events purged this often, ms. */
const compactEveryMs = 3_600_000
/** The spool is looked at again this often, ms. */
const spoolEveryMs = 10_000
/** Half-width of the time range that an alert's link shows, ms. */
const linkRangeMs = 600_000
/** Panes, deploys, alerts and signatures are kept this long, ms. */
const stateKeptMs = 400 * 86_400_000

export interface DaemonEnvironment {
  readonly clock: Clock
  readonly log: Log
  readonly screen: Screen
  readonly dataDir: string
  /** In [0, 1); jitter of retries. */
  readonly random: () => number
}

export interface Daemon {
  /** Where the page and the API are. */
  readonly origin: string
  /** Drains, commits and ends everything; may be called twice. */
  stop(): Promise<void>
}

/** Starts everything. @throws LastpushError; whatever was started is taken down again first. */
export async function startDaemon(config: Config, env: DaemonEnvironment): Promise<Daemon> {
  const teardown = new Teardown(env.log)
  try {
    const origin = await start(config, env, teardown)
    return { origin, stop: () => teardown.run() }
  } catch (error) {
    await teardown.run()
    throw error
  }
}

async function start(config: Config, env: DaemonEnvironment, down: Teardown): Promise<string> {
  const { clock, log, dataDir } = env
  const rules = (await loadRules(config.rules, config)).map(({ rule }) => rule)
  const parsers = (await loadParsers(config.parsers)).map(({ parser }) => parser)

  await prepareDataDir(dataDir)
  const lock = await lockDataDir(dataDir)
  down.add('lock', () => lock.close())
  const state = await openState(dataDir)
  down.add('state', () => state.close())
  const index = await openEventIndex(dataDir)
  down.add('event index', () => index.close())

  const metrics = new Metrics()
  const deploys = new DeployTracker()
  for (const deploy of await state.deploys()) deploys.add(deploy)
  const settings = new Map(config.sources.map((source) => [source.settings.name, source.settings]))
  const exposure = (service: string | null) => config.exposures.get(service ?? '') ?? 'seconds'
  const pipeline = new Pipeline({
    rules,
    parsers,
    sources: settings,
    services: config.services,
    exposure,
    storeQuery: config.store.query,
    deploys,
    live: true,
    onDetected: (partition, parser, matched, of) =>
      log.info({ partition, parser, matched, of }, `format detected: ${parser}`),
  })
  await restore(pipeline, state, clock)

  const receivers = buildReceivers(config, env)
  const outbox = new Outbox({ state, receivers, clock, log, metrics, concurrency: deliveriesMax, random: env.random }) // prettier-ignore
  let origin = ''
  const dispatcher = new Dispatcher({
    state,
    clock,
    route: config.route,
    render: (page) => receivers.get(page.receiver)?.render(page) ?? '',
    deployById: (id) => deploys.byId(id),
    deployBySha: (sha) => deploys.list().findLast((deploy) => sameSha(deploy.sha, sha)) ?? null,
    urlOf: (alert) => {
      const at = Date.parse(alert.startsAt)
      return `${origin}/?from=${isoTime(at - linkRangeMs)}&to=${isoTime(at + linkRangeMs)}`
    },
  })
  await dispatcher.restore()
  const delivery = new Delivery({ dispatcher, onNotifications: () => outbox.kick(), clock, log })
  const indexer = new Indexer({ state, index, clock, log })

  const ingest = new Ingest({
    pipeline,
    state,
    clock,
    log,
    onCommitted: (commit) => {
      if (commit.transitions.length > 0) delivery.kick()
      if (commit.backlog.length > 0) indexer.kick()
      for (const alert of commit.alerts) view.publish({ type: 'alert', data: alert })
      for (const deploy of commit.deploys) view.publish({ type: 'deploy', data: deploy })
    },
  })
  const sources = new RunningSources({
    sources: config.sources.map(({ type, options, settings: { name } }) =>
      type.create(name, options),
    ),
    pipeline,
    ingest,
    clock,
    log,
  })

  /** Takes a deploy in; what it changes is in the next commit. */
  const accept = (deploy: Deploy): Deploy => {
    const added = deploys.add(deploy)
    for (const touched of added.touched) pipeline.deployChanged(touched, added.from)
    if (added.changed) {
      log.info({ sha: added.deploy.sha, service: added.deploy.service, by: added.deploy.by }, 'deploy') // prettier-ignore
    }
    return added.deploy
  }
  let ready = false
  const deployFaults = new Map<string, string>()
  const view = new DaemonView({
    version,
    clock,
    state,
    pipeline,
    sources: settings,
    parsers: parsers.map((parser) => parser.name),
    rules,
    metrics,
    exposure,
    faults: () => new Map([...sources.faults, ...deployFaults]),
    report: async (report) => {
      const deploy = accept(readReport(report, config, clock.now()))
      await ingest.flush()
      return deploy
    },
    health: () => toHealth(ingest.fault === null ? [] : [ingest.fault.message]),
    ready: () => toHealth(ready ? [] : ['starting']),
  })

  const server = new ApiServer({ view, clock, log, webRoot: join(packageRoot, 'dist/web') })
  down.add('server', () => server.close())
  const listening = await server.listen(config.http.host, config.http.port)
  origin = listening.origin

  outbox.start()
  down.add('outbox', () => outbox.stop())
  delivery.start()
  down.add('delivery', () => delivery.stop())
  startIndexer(indexer, down)
  ingest.start()
  down.add('ingest', () => ingest.stop())
  const takeUp = async (): Promise<void> => {
    await takeUpSpool(
      dataDir,
      async (spooled) => {
        for (const deploy of spooled) accept(deploy)
        await ingest.flush()
      },
      log,
    )
  }
  await takeUp()
  for (const path of config.deployLogs) {
    followDeployLog(path, config.env, { env, accept, faults: deployFaults, down })
  }
  sources.start()
  down.add('sources', () => sources.stop())
  startHousekeeping(env, config, { state, index, view, takeUp }, down)
  await announce(dataDir, origin, down)
  ready = true
  return origin
}

async function restore(pipeline: Pipeline, state: State, clock: Clock): Promise<void> {
  const now = Math.floor(clock.now() / 1_000)
  const [partitions, scopes, series, panes, signatures] = await Promise.all([
    state.records('partition'),
    state.records('scope'),
    state.records('series'),
    state.panes({ from: now - historyMs / 1_000, to: now + 3_600 }),
    state.signatures(),
  ])
  pipeline.restore({ partitions, scopes, series, panes, signatures })
}

/** The configured receivers, and a console where none is. */
function buildReceivers(config: Config, env: DaemonEnvironment): ReadonlyMap<string, Receiver> {
  const context = { clock: env.clock, screen: env.screen }
  if (config.receivers.length === 0) {
    const [consoleType] = receiverTypes
    const { receiver } = config.route
    return new Map([[receiver, consoleType.create(receiver, { color: 'auto' }, context)]])
  }
  return new Map(
    config.receivers.map(({ name, type, options }) => [name, type.create(name, options, context)]),
  )
}

function startIndexer(indexer: Indexer, down: Teardown): void {
  const stop = new AbortController()
  const running = indexer.run(stop.signal)
  indexer.kick()
  down.add('indexer', async () => {
    stop.abort()
    await running
  })
}

function followDeployLog(
  path: string,
  environment: string,
  parts: {
    readonly env: DaemonEnvironment
    readonly accept: (deploy: Deploy) => void
    readonly faults: Map<string, string>
    readonly down: Teardown
  },
): void {
  const { log, clock } = parts.env
  const follower = new DeployLog({
    path,
    clock,
    onDeploy: (deploy) => parts.accept(deploy),
    onBadLine: (reason, line) => log.warn({ path, reason, line, environment }, 'no deploy line'),
    onFault: (message) => {
      if (message === null) parts.faults.delete(path)
      else parts.faults.set(path, message)
    },
  })
  follower.start()
  parts.down.add('deploy log', () => follower.close())
}

/** Once a second a tick for the page; once an hour the store is compacted. */
function startHousekeeping(
  env: DaemonEnvironment,
  config: Config,
  parts: {
    readonly state: State
    readonly index: { purge(beforeMs: number): Promise<number> }
    readonly view: DaemonView
    /** A report may have been spooled in the moment in which the daemon came up. */
    readonly takeUp: () => Promise<void>
  },
  down: Teardown,
): void {
  const { clock, log } = env
  const stop = new AbortController()
  const run = async (): Promise<void> => {
    let compactAt = clock.now() + compactEveryMs
    let spoolAt = clock.now() + spoolEveryMs
    while (!stop.signal.aborted) {
      await clock.sleep(1_000, stop.signal)
      const now = clock.now()
      parts.view.publish({ type: 'tick', data: { now: isoTime(now) } })
      try {
        if (now >= spoolAt) {
          spoolAt = now + spoolEveryMs
          await parts.takeUp()
        }
        if (now >= compactAt) {
          compactAt = now + compactEveryMs
          await parts.state.compact(now, stateKeptMs)
          await parts.index.purge(now - config.store.eventsKeptMs)
        }
      } catch (error) {
        log.warn({ error }, 'housekeeping failed; it is tried again in its time')
      }
    }
  }
  const running = run()
  down.add('housekeeping', async () => {
    stop.abort()
    await running
  })
}

/** Tells commands on this machine where the daemon is. */
async function announce(dataDir: string, origin: string, down: Teardown): Promise<void> {
  const path = join(dataDir, 'daemon.json')
  await writeFile(path, `${JSON.stringify({ origin, pid: process.pid, version })}\n`, { mode: 0o600 }) // prettier-ignore
  down.add('daemon.json', () => rm(path, { force: true }))
}

function toHealth(reasons: readonly string[]): { ok: boolean; reasons: readonly string[] } {
  return { ok: reasons.length === 0, reasons }
}

/** Named teardowns, run last-in first-out, each at most once. */
class Teardown {
  readonly #log: Log
  readonly #parts: { readonly name: string; readonly end: () => Promise<void> | void }[] = []
  #running: Promise<void> | null = null

  constructor(log: Log) {
    this.#log = log
  }

  add(name: string, end: () => Promise<void> | void): void {
    this.#parts.push({ name, end })
  }

  run(): Promise<void> {
    this.#running ??= this.#runAll()
    return this.#running
  }

  async #runAll(): Promise<void> {
    for (let part = this.#parts.pop(); part !== undefined; part = this.#parts.pop()) {
      try {
        await part.end()
      } catch (error) {
        const code = error instanceof LastpushError ? error.code : undefined
        this.#log.error({ part: part.name, code, error }, 'did not stop cleanly')
      }
    }
  }
}

/** The composition root of the daemon: builds every part from the configuration, starts them in
 *  order, and takes them down in the reverse order, also when a start fails half-way. */
import { realpath, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Dispatcher } from './alerts/dispatcher.ts'
import { Silences } from './alerts/silences.ts'
import { loadParsers, loadRules } from './catalog.ts'
import type { Config } from './config.ts'
import type { SourceConfig } from './config/entries.ts'
import { Delivery } from './daemon/delivery.ts'
import { DeployIntake } from './daemon/deploys.ts'
import { indexKind, openConfiguredIndex } from './daemon/event-index.ts'
import { keepHouse } from './daemon/housekeeping.ts'
import { Ingest } from './daemon/ingest.ts'
import { RunningReceivers } from './daemon/receivers.ts'
import { LineRates } from './daemon/line-rates.ts'
import { RunningSources } from './daemon/sources.ts'
import { Teardown } from './daemon/teardown.ts'
import { UnreadLogs } from './daemon/unread.ts'
import { DaemonView } from './daemon/view.ts'
import { DeployTracker } from './deploys/tracker.ts'
import type { Log } from './flow/log.ts'
import { Metrics } from './flow/metrics.ts'
import { isoTime, type Clock } from './flow/time.ts'
import type { Alert } from './model/alert.ts'
import type { Checkpoint } from './model/event.ts'
import { sameSha } from './model/deploy.ts'
import { packageRoot, version } from './package.ts'
import { resume } from './pipeline/epochs/resume.ts'
import { Pipeline } from './pipeline.ts'
import { Outbox } from './receivers/outbox.ts'
import type { Screen } from './receivers/receiver.ts'
import { ApiServer } from './server/api.ts'
import { readToken } from './server/token.ts'
import type { Health } from './server/view.ts'
import type { EventIndex } from './store/events.ts'
import { Indexer } from './store/indexer.ts'
import { lacksState } from './store/data-dir.ts'
import { lockDataDir } from './store/lock.ts'
import { openState } from './store/sqlite.ts'
import type { Commit } from './store/state.ts'

/** Deliveries under way at once, over all receivers. */
const deliveriesMax = 8
/** Said when the state of an earlier run is gone. */
const startsAnew =
  'state.db is missing beside what an earlier run has left: counts, alerts and positions in logs' +
  ' start anew; if that is not wanted, stop lastpush and put a backup in its place'
/** Half-width of the time range that an alert's link shows, ms. */
const linkRangeMs = 600_000

export interface DaemonEnvironment {
  readonly clock: Clock
  readonly log: Log
  readonly screen: Screen
  readonly dataDir: string
  /** In [0, 1); jitter of retries. */
  readonly random: () => number
  /** Globs of folders and files where logs may lie that no source reads. */
  readonly logPlaces: readonly string[]
}

export interface Daemon {
  /** Where the page and the API are. */
  readonly origin: string
  /** Drains, commits and ends everything; may be called twice.
   *  @throws the first error of a part that did not end as it should, when all have ended: STORE_FULL
   *    or STORE_UNWRITABLE when the last commit was refused. */
  stop(): Promise<void>
}

/** Starts everything. @throws LastpushError; whatever was started is taken down again first. */
export async function startDaemon(config: Config, env: DaemonEnvironment): Promise<Daemon> {
  const teardown = new Teardown(env.log)
  try {
    const origin = await start(config, env, teardown)
    return { origin, stop: () => teardown.run() }
  } catch (error) {
    // What keeps the parts from ending is in the log; why there was no start is what counts.
    await teardown.run().catch(() => {})
    throw error
  }
}

// One straight function on purpose: the order of the parts is its content, and a reader who asks
// "what runs, and what is taken down first" finds both here.
// eslint-disable-next-line max-lines-per-function
async function start(config: Config, env: DaemonEnvironment, down: Teardown): Promise<string> {
  const { clock, log, dataDir } = env
  const rules = (await loadRules(config.rules, config)).map(({ rule }) => rule)
  const parsers = (await loadParsers(config.parsers)).map(({ parser }) => parser)
  const exposure = (service: string | null) => config.exposures.get(service ?? '') ?? 'seconds'
  const settings = new Map(config.sources.map((source) => [source.settings.name, source.settings]))
  const metrics = new Metrics()

  const lock = await lockDataDir(dataDir)
  down.add('lock', () => lock.close())
  if (lacksState(dataDir)) log.warn({ dataDir }, startsAnew)
  const state = await openState(dataDir)
  down.add('state', () => state.close())
  const index = await openIndex(config, env, metrics)
  down.add('event index', () => index?.close())

  const tracker = new DeployTracker()
  for (const deploy of await state.deploys()) tracker.add(deploy)
  const pipeline = new Pipeline({
    rules,
    parsers,
    sources: settings,
    services: config.services,
    exposure,
    storeQuery: index === null ? null : config.store.query,
    deploys: tracker,
    live: true,
    onDetected: (partition, parser, matched, of) =>
      log.info({ partition, parser, matched, of }, `format detected: ${parser}`),
  })
  await resume(pipeline, state, clock.now())

  const receivers: RunningReceivers = new RunningReceivers({ config, state, clock, log, metrics, screen: env.screen, since: (question) => view.since(question) }) // prettier-ignore
  const outbox = new Outbox({ state, receivers: receivers.byName, clock, log, metrics, concurrency: deliveriesMax, random: env.random }) // prettier-ignore
  const silences = new Silences(state, clock)
  await silences.restore()
  let origin = ''
  const dispatcher = new Dispatcher({
    state,
    clock,
    routing: config.routing,
    mutedBy: (alert) => silences.mutedBy(alert),
    metrics,
    render: (page) => receivers.render(page),
    deployById: (id) => tracker.byId(id),
    deployBySha: (sha) => tracker.list().findLast((deploy) => sameSha(deploy.sha, sha)) ?? null,
    urlOf: (alert) => urlOf(origin, alert),
  })
  await dispatcher.restore()
  const delivery = new Delivery({ dispatcher, onNotifications: () => outbox.kick(), clock, log })
  const indexer = index === null ? null : new Indexer({ state, index, clock, log })

  const { commits: commitsBefore, id: storeId } = await state.info()
  let commits = commitsBefore
  const ingest = new Ingest({
    pipeline,
    state,
    clock,
    log,
    onCommitted: (commit) => {
      commits += 1
      sources.committed({ number: commits, checkpoints: checkpointsOf(commit) })
      if (commit.transitions.length > 0) delivery.kick()
      if (commit.backlog.length > 0) indexer?.kick()
      receivers.tell(commit.deploys)
      for (const alert of commit.alerts) view.publishAlert(alert)
      for (const deploy of commit.deploys) view.publish({ type: 'deploy', data: deploy })
    },
  })
  const sources = new RunningSources({
    sources: config.sources.map((each) => each.type.create(each.settings.name, each.options)),
    pipeline,
    ingest,
    clock,
    log,
    metrics,
    ownDir: await realpath(dataDir),
    storeId,
  })
  const lineRates = new LineRates(() => pipeline.partitions(), clock.monotonic())
  const deploys = new DeployIntake({ tracker, pipeline, ingest, dataDir, env: config.env, clock, log }) // prettier-ignore
  const unread = new UnreadLogs({
    places: env.logPlaces,
    sourcePaths: config.sources.flatMap(pathsOf),
    read: () => [...pipeline.partitions()].map(({ partition }) => partition).concat(...sources.faults.keys(), config.deployLogs), // prettier-ignore
    clock,
  })
  let ready = false
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
    reach: () => sources.reach(),
    lineRates,
    faults: () => new Map([...sources.faults, ...deploys.faults]),
    report: (report) => deploys.report(report),
    events: { index, tracker },
    silences,
    index: () => ({ kind: indexKind(config), fault: indexer === null ? 'it could not be opened' : indexer.fault }), // prettier-ignore
    receivers,
    unread: () => unread.found,
    health: () => toHealth(ingest.fault === null ? [] : [ingest.fault.message]),
    ready: () => toHealth(ready ? [] : ['starting']),
  })

  const { host, port, names, token: tokenPlace } = config.http
  const token = tokenPlace === null ? null : await readToken(tokenPlace)
  const webRoot = join(packageRoot, 'dist/web')
  const server = new ApiServer({ view, clock, log, webRoot, token, names })
  down.add('server', () => server.close())
  origin = (await server.listen(host, port)).origin

  receivers.start()
  down.add('receivers', () => receivers.close())
  outbox.start()
  down.add('outbox', () => outbox.stop())
  delivery.start()
  down.add('delivery', () => delivery.stop())
  if (indexer !== null) down.addLoop('indexer', (signal) => indexer.run(signal))
  // Sources end first: else ingest would go on for as long as they have something to read.
  down.add('ingest', () => ingest.stop())
  sources.start()
  down.add('sources', () => sources.stop())
  await sources.found()
  ingest.start()
  await deploys.takeUpSpool()
  for (const path of config.deployLogs) deploys.follow(path, down)
  down.addLoop('housekeeping', (signal) =>
    keepHouse(
      {
        clock,
        log,
        state,
        index,
        eventsKeptMs: config.store.eventsKeptMs,
        newestMs: () => Math.max(...[...pipeline.partitions()].map(({ newest }) => newest ?? -Infinity)), // prettier-ignore
        tick: (now) => {
          lineRates.tick(clock.monotonic())
          view.publish({ type: 'tick', data: { now } })
        },
        takeUpSpool: () => deploys.takeUpSpool(),
      },
      signal,
    ),
  )
  down.addLoop('unread logs', (signal) => unread.run(signal))
  await announce(dataDir, { origin, tokenFile: tokenPlace?.file }, down)
  ready = true
  return origin
}

/** Where each partition of a commit is to be resumed. */
function checkpointsOf({ records }: Commit): ReadonlyMap<string, Checkpoint> {
  const checkpoints = new Map<string, Checkpoint>()
  for (const { kind, key, value } of records) {
    const checkpoint = (value as { readonly checkpoint?: Checkpoint | null } | null)?.checkpoint
    if (kind === 'partition' && checkpoint) checkpoints.set(key, checkpoint)
  }
  return checkpoints
}

/** Without an index people cannot look events up; alerting goes on. */
async function openIndex(
  config: Config,
  { dataDir, clock, log }: DaemonEnvironment,
  metrics: Metrics,
): Promise<EventIndex | null> {
  try {
    return await openConfiguredIndex(config, { dataDir, clock, log, metrics })
  } catch (error) {
    log.error({ error }, 'the event index cannot be opened: events are not kept, alerting goes on')
    return null
  }
}

function urlOf(origin: string, alert: Alert): string {
  const at = Date.parse(alert.startsAt)
  return `${origin}/?from=${isoTime(at - linkRangeMs)}&to=${isoTime(at + linkRangeMs)}`
}

/** Tells commands on this machine where the daemon is, and where its token lies, never the token. */
async function announce(
  dataDir: string,
  told: { readonly origin: string; readonly tokenFile: string | undefined },
  down: Teardown,
): Promise<void> {
  const path = join(dataDir, 'daemon.json')
  const facts = { ...told, pid: process.pid, version }
  await writeFile(path, `${JSON.stringify(facts)}\n`, { mode: 0o600 })
  down.add('daemon.json', () => rm(path, { force: true }))
}

/** The globs of a source that reads files. */
function pathsOf({ options }: SourceConfig): readonly string[] {
  return (options as { readonly paths?: readonly string[] }).paths ?? []
}

function toHealth(reasons: readonly string[]): Health {
  return { ok: reasons.length === 0, reasons }
}

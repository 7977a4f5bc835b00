/** `status`: what the daemon reads, counts and watches; without a daemon, what its store holds. */
import { configOf } from './engine.ts'
import { findDaemon, tokenFileOption } from './client.ts'
import { dataDirOf, print, printJson, type AddCommand, type Io } from './io.ts'
import { loadParsers, loadRules } from '../catalog.ts'
import type { Config } from '../config.ts'
import { indexKind } from '../daemon/event-index.ts'
import { buildReceivers, receiverStatuses } from '../daemon/receivers.ts'
import { sourceStatus } from '../daemon/source-status.ts'
import { formatDuration } from '../flow/time.ts'
import { visible } from '../model/escape.ts'
import { silenceState, type Silence } from '../model/silence.ts'
import type { PartitionState } from '../pipeline/partition.ts'
import type { ReceiverStatus, Status } from '../server/view.ts'
import { openStateReader } from '../store/sqlite.ts'
import { version } from '../version.ts'

interface StatusOptions {
  readonly config?: string
  readonly data?: string
  readonly server?: string
  readonly tokenFile?: string
  readonly json?: boolean
}

export const addStatus: AddCommand = (program, io) => {
  program
    .command('status')
    .summary('what is read, counted and watched, and what is wrong')
    .option('-c, --config <file>', 'lastpush.yaml')
    .option('--data <dir>', 'data directory of the daemon')
    .option('--server <url>', 'address of the daemon')
    .option(...tokenFileOption)
    .option('--json', 'print one JSON object')
    .action(async (options: StatusOptions) => {
      const config = configOf(options)
      const dataDir = dataDirOf(options.data ?? config.store.path ?? undefined, io.env)
      const client = await findDaemon({
        server: options.server,
        tokenFile: options.tokenFile,
        dataDir,
        env: io.env,
      })
      const status =
        client === null
          ? await storedStatus(config, dataDir, io)
          : ((await client.get('/status')) as Status)
      if (options.json === true) return printJson(io, status)
      printStatus(io, status, client === null ? 'no daemon runs; from its store' : client.origin)
    })
}

/** The same answer from the store at rest, read-only. */
async function storedStatus(config: Config, dataDir: string, io: Io): Promise<Status> {
  const now = io.clock.now()
  const receivers = buildReceivers(config, { clock: io.clock, screen: io.out })
  const reader = await openStateReader(dataDir)
  try {
    const settings = new Map(
      config.sources.map((source) => [source.settings.name, source.settings]),
    )
    const partitions = [...(await reader.records('partition')).values()] as PartitionState[]
    const [alerts, deploys, store, parsers, rules] = await Promise.all([
      reader.alerts({ states: ['firing'] }),
      reader.deploys(),
      reader.info(),
      loadParsers(config.parsers),
      loadRules(config.rules, config),
    ])
    const silences = [...(await reader.records('silence')).values()] as Silence[]
    return {
      version,
      sources: partitions.map((partition) =>
        sourceStatus(partition, settings.get(partition.source), now, -Infinity, null),
      ),
      parsers: parsers.map(({ parser }) => parser.name),
      rules: rules.map(({ rule }) => ({
        name: rule.name,
        type: rule.type,
        query: rule.queryText ?? '',
        series: 0,
      })),
      alerts: { firing: alerts.length, pending: 0 },
      deploys: deploys.length,
      silences: silences.filter((each) => silenceState(each, now) === 'active').length,
      store,
      index: { kind: indexKind(config), fault: null },
      receivers: receiverStatuses(receivers, await reader.undelivered()).map(atRest),
      unread: [],
    }
  } finally {
    await reader.close()
  }
}

function printStatus(io: Io, status: Status, where: string): void {
  print(io, `lastpush ${status.version} (${where})`)
  print(io, `${status.alerts.firing} alerts firing, ${status.alerts.pending} pending; ${status.silences} silences active; ${status.deploys} deploys known`) // prettier-ignore
  for (const source of status.sources) {
    const lag = source.lagSeconds === null ? 'nothing yet' : `${formatDuration(source.lagSeconds * 1_000)} behind` // prettier-ignore
    print(io, `  ${visible(source.partition)}  ${source.parser ?? '?'}  ${source.lines} lines, ${source.unparsed} unparsed, ${source.late} late, ${lag}`) // prettier-ignore
    if (source.fault !== null) print(io, `    fault: ${visible(source.fault)}`)
    for (const { line, reason, column } of source.unparsedSamples) {
      print(io, `    unparsed: ${visible(reason)} (column ${column}): ${visible(line)}`)
    }
  }
  for (const { path } of status.unread) {
    print(io, `  not read: ${visible(path)} (grows; add it to sources)`)
  }
  print(io, `rules: ${status.rules.map(({ name }) => name).join(', ')}`)
  print(io, `store: ${visible(status.store.path)}, ${status.store.bytes} bytes, ${status.store.commits} commits, ${status.store.backlog} events to index`) // prettier-ignore
  for (const receiver of status.receivers) printReceiver(io, receiver)
  if (status.index.fault !== null) print(io, `event index (${status.index.kind}): fault: ${visible(status.index.fault)}`) // prettier-ignore
}

/** A receiver that no daemon has opened has no fault. */
function atRest(receiver: ReceiverStatus): ReceiverStatus {
  return { ...receiver, fault: null }
}

function printReceiver(io: Io, receiver: ReceiverStatus): void {
  const { name, kind, address, fault, waiting, waitingError, parked, parkedError } = receiver
  const where = kind === null ? 'no longer configured' : `${kind}: ${visible(address ?? '')}`
  print(io, `receiver ${visible(name)} (${where}): ${waiting} waiting, ${parked} parked`)
  if (fault !== null) print(io, `    fault: ${visible(fault)}`)
  if (waitingError !== null) print(io, `    waiting: ${visible(waitingError)}`)
  if (parkedError !== null) print(io, `    parked: ${visible(parkedError)}`)
}

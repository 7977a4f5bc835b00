/** What `status` and `sources` print: the answer of the daemon, or without one what its store holds. */
import { loadParsers, loadRules } from '../catalog.ts'
import type { Config } from '../config.ts'
import { indexKind } from '../daemon/event-index.ts'
import { buildReceivers, receiverStatuses } from '../daemon/receivers.ts'
import { sourceStatus } from '../daemon/source-status.ts'
import { silenceState, type Silence } from '../model/silence.ts'
import type { PartitionState } from '../pipeline/partition.ts'
import type { ReceiverStatus, Status } from '../server/view.ts'
import { openStateReader } from '../store/sqlite.ts'
import { version } from '../package.ts'
import { placeOf, type DaemonOptions } from './daemon-place.ts'
import type { Io } from './io.ts'

export interface StatusOptions extends DaemonOptions {
  readonly json?: boolean
}

/** @returns The status and, for people, who has told it. */
export async function askStatus(
  options: StatusOptions,
  io: Io,
): Promise<{ readonly status: Status; readonly where: string }> {
  const { config, dataDir, client } = await placeOf(io, options)
  return client === null
    ? { status: await storedStatus(config, dataDir, io), where: 'no daemon runs; from its store' }
    : { status: (await client.get('/status')) as Status, where: client.origin }
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

/** A receiver that no daemon has opened has no fault. */
function atRest(receiver: ReceiverStatus): ReceiverStatus {
  return { ...receiver, fault: null }
}

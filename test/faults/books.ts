/** What a store says after the daemon is gone: read from its files, not from the daemon. */
import Database from 'better-sqlite3'
import { join } from 'node:path'
import type { Alert, Transition } from '../../src/model/alert.ts'
import type { Deploy } from '../../src/model/deploy.ts'
import type { PartitionState } from '../../src/pipeline/partition.ts'
import { openStateReader } from '../../src/store/sqlite.ts'
import type { Notification } from '../../src/store/state.ts'

const everything = 1_000_000

export interface Books {
  readonly partitions: ReadonlyMap<string, PartitionState>
  /** Events in all panes, in time and late, by kind and id: `status 200`, `requests `. */
  readonly panes: Readonly<Record<string, number>>
  /** Events over all signatures, and by the template of each. */
  readonly signed: number
  readonly signatures: Readonly<Record<string, number>>
  readonly alerts: readonly Alert[]
  readonly transitions: readonly (Transition & { readonly dispatched: boolean })[]
  readonly notifications: readonly Notification[]
  /** Groups with an alert that still fires. */
  readonly openGroups: number
  readonly deploys: readonly Deploy[]
  /** Events in the index, and those that wait for it. */
  readonly indexed: number
  readonly backlog: number
  /** What SQLite says of both files: `ok` each. */
  readonly integrity: readonly string[]
}

/** Reads the whole store of a data directory that no daemon holds. */
export async function readBooks(dataDir: string): Promise<Books> {
  const reader = await openStateReader(dataDir)
  const panes = new Map<string, number>()
  for (const { kind, id, count, late } of await reader.panes({ from: 0, to: 2 ** 40 })) {
    const key = `${kind} ${id}`
    panes.set(key, (panes.get(key) ?? 0) + count + late)
  }
  const signatures = await reader.signatures()
  const books = {
    partitions: (await reader.records('partition')) as ReadonlyMap<string, PartitionState>,
    panes: Object.fromEntries(panes),
    signed: signatures.reduce((sum, { count }) => sum + count, 0),
    signatures: Object.fromEntries(signatures.map(({ template, count }) => [template, count])),
    alerts: await reader.alerts({ limit: everything }),
    notifications: await reader.notifications(everything),
    openGroups: (await reader.records('group')).size,
    deploys: await reader.deploys(),
    backlog: (await reader.info()).backlog,
  }
  await reader.close()
  return { ...books, ...readTables(dataDir) }
}

/** What the reader's contract has no question for. */
function readTables(dataDir: string): Pick<Books, 'transitions' | 'indexed' | 'integrity'> {
  const state = new Database(join(dataDir, 'state.db'), { readonly: true })
  const events = new Database(join(dataDir, 'events.db'), { readonly: true })
  try {
    const rows = state
      .prepare<[], { document: string; dispatched: number }>(
        'SELECT document, dispatched FROM transition ORDER BY seq',
      )
      .all()
    return {
      transitions: rows.map(({ document, dispatched }) => ({
        ...(JSON.parse(document) as Transition),
        dispatched: dispatched === 1,
      })),
      indexed: events.prepare<[], number>('SELECT count(*) FROM event').pluck().get() ?? 0,
      integrity: [state, events].map(
        (db) => db.pragma('integrity_check', { simple: true }) as string,
      ),
    }
  } finally {
    state.close()
    events.close()
  }
}

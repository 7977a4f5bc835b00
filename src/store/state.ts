/** The contract of the transactional state: checkpoints, panes, rule state, alerts, deploys,
 *  transitions, notifications. Everything that makes "counted once" and "delivered" true is in it.
 *  All calls are asynchronous; there is one writer. */
import type { Alert, Transition } from '../model/alert.ts'
import type { Deploy } from '../model/deploy.ts'
import type { ItemKind } from '../model/verdict.ts'
import type { EventDocument } from './events.ts'

/** JSON documents that the engine keeps, by kind and key; a null value deletes. */
export type RecordKind = 'partition' | 'scope' | 'series' | 'group' | 'silence'
export interface RecordPut {
  readonly kind: RecordKind
  readonly key: string
  readonly value: unknown
}

/** Counts of one verdict series in one second; added to what is stored. */
export interface PaneDelta {
  readonly service: string | null
  readonly env: string
  readonly kind: ItemKind
  /** Signature id, status code, level; '' for requests. */
  readonly id: string
  /** Start of the pane, s since the epoch. */
  readonly second: number
  /** Events in time / events that came late (never part of a decision). */
  readonly count: number
  readonly late: number
}

/** A stored pane; `width` is 1, 60 or 3600 seconds, as its age allows. */
export interface PaneRow extends PaneDelta {
  readonly width: number
}

/** What is known of a signature id in one scope; counts add, firstSeen takes the minimum. */
export interface SignatureDelta {
  readonly service: string | null
  readonly env: string
  readonly id: string
  readonly group: string
  readonly template: string
  readonly level: string | null
  /** Event times, ms. */
  readonly firstSeen: number
  readonly lastSeen: number
  readonly count: number
  /** The raw line of the newest event. */
  readonly sample: string
}

/** One ingest transaction: everything that a stretch of lines has changed. */
export interface Commit {
  readonly records: readonly RecordPut[]
  readonly panes: readonly PaneDelta[]
  readonly signatures: readonly SignatureDelta[]
  /** Alerts whose state or facts changed, keyed by (fingerprint, startsAt). */
  readonly alerts: readonly Alert[]
  readonly transitions: readonly Transition[]
  readonly deploys: readonly Deploy[]
  /** Events for the index; kept until the indexer has stored them. */
  readonly backlog: readonly EventDocument[]
}

/** A frozen message to one receiver. */
export interface Notification {
  readonly key: string
  readonly receiver: string
  readonly groupKey: string
  /** Ids of the transitions it tells, in order. */
  readonly transitions: readonly string[]
  readonly body: string
  /** `suppressed`: never sent, since every alert it tells was muted; `error` says by what. */
  readonly state: 'waiting' | 'delivered' | 'parked' | 'suppressed'
  readonly attempts: number
  /** Wall time before which it is not tried again, ms. */
  readonly nextAttemptAt: number
  readonly error: string | null
  readonly createdAt: number
}

/** What one receiver has not taken. */
export interface Undelivered {
  readonly receiver: string
  readonly waiting: number
  /** Of the oldest that waits; null before its first attempt has failed. */
  readonly waitingError: string | null
  readonly parked: number
  /** Of the newest that is parked. */
  readonly parkedError: string | null
}

/** One dispatcher transaction. */
export interface Dispatch {
  /** Transitions now accounted for: in a group or suppressed. */
  readonly dispatched: readonly string[]
  readonly records: readonly RecordPut[]
  /** Inserted, or replaced by key. */
  readonly notifications: readonly Notification[]
}

export interface PaneQuery {
  /** Range of seconds [from, to). A pane belongs to the range in which it starts, so that
   *  adjoining ranges count nothing twice. */
  readonly from: number
  readonly to: number
  /** undefined: every service. */
  readonly service?: string | null
  readonly env?: string
  readonly kinds?: readonly ItemKind[]
}

export interface AlertQuery {
  readonly states?: readonly Alert['state'][]
  /** Newest first; default 1,000. */
  readonly limit?: number
}

/** Reads that commands may do without the daemon, over a read-only connection. */
export interface StateReader {
  records(kind: RecordKind): Promise<ReadonlyMap<string, unknown>>
  panes(query: PaneQuery): Promise<readonly PaneRow[]>
  signatures(): Promise<readonly SignatureDelta[]>
  alerts(query: AlertQuery): Promise<readonly Alert[]>
  /** All deploys that are kept, oldest start first. */
  deploys(): Promise<readonly Deploy[]>
  /** Waiting ones, oldest first; then parked, then delivered ones, newest first; default 1,000. */
  notifications(limit?: number): Promise<readonly Notification[]>
  /** By name, each receiver for which something waits or is parked. */
  undelivered(): Promise<readonly Undelivered[]>
  /** Transitions not yet dispatched, in the order of their commit. */
  undispatched(): Promise<readonly Transition[]>
  /** Facts for `status`. */
  info(): Promise<StateInfo>
  close(): Promise<void>
}

export interface StateInfo {
  readonly path: string
  /** 16 hex digits, made with the store; a copy of its file has the same. */
  readonly id: string
  readonly schemaVersion: number
  readonly bytes: number
  readonly commits: number
  readonly backlog: number
  /** Events that left a full backlog unindexed since the store was made. */
  readonly backlogDropped: number
  /** SQLite's `synchronous`, the weakest of this store's connections; 2 is FULL: a commit that
   *  was answered survives a power cut. */
  readonly synchronous: number
}

/** The store as the daemon holds it. */
export interface State extends StateReader {
  /** One transaction; rejects with STORE_FULL or STORE_UNWRITABLE and then has changed nothing.
   *  The argument is copied before the call returns. */
  commit(commit: Commit): Promise<void>
  dispatch(dispatch: Dispatch): Promise<void>
  /** Notifications in state `waiting`, in the order of their first insertion, the oldest
   *  `limitPerReceiver` of each receiver: one that is down must not hide another's. */
  waiting(limitPerReceiver: number): Promise<readonly Notification[]>
  /** Oldest events of the backlog. */
  backlog(limit: number): Promise<readonly EventDocument[]>
  dropBacklog(ids: readonly string[]): Promise<void>
  /** Coarsens panes older than 48 h to 1 min and older than 14 d to 1 h, and deletes what is past
   *  retention. */
  compact(nowMs: number, keepMs: number): Promise<void>
}

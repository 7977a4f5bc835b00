/** The reads of the state over one read-only connection. Every call is one statement or one
 *  transaction, so that it sees one committed moment and never a half of a commit.
 *  They run on the calling thread: what is read often is small, and the rest is asked rarely. */
import type Database from 'better-sqlite3'
import { statSync } from 'node:fs'
import type { Alert, Transition } from '../model/alert.ts'
import type { Deploy } from '../model/deploy.ts'
import type { ItemKind } from '../model/verdict.ts'
import type { EventDocument } from './events.ts'
import { serviceKey, serviceOf } from './service-key.ts'
import { synchronousOf } from './sqlite-connection.ts'
import { storeError } from './sqlite-errors.ts'
import type {
  AlertQuery,
  Notification,
  PaneQuery,
  PaneRow,
  RecordKind,
  SignatureDelta,
  StateInfo,
  StateReader,
  Undelivered,
} from './state.ts'

const limitDefault = 1_000

/** Reads a state database; closing it closes the connection it was given, and so does a failed
 *  construction (STORE_DAMAGED when a table is missing). */
export class SqliteStateReader implements StateReader {
  readonly #db: Database.Database
  readonly #statements: ReturnType<typeof prepareReads>

  constructor(db: Database.Database) {
    this.#db = db
    try {
      this.#statements = prepareReads(db)
    } catch (error) {
      db.close()
      throw storeError(error, db.name)
    }
  }

  async records(kind: RecordKind): Promise<ReadonlyMap<string, unknown>> {
    return this.#read(() => {
      const rows = this.#statements.records.all(kind)
      return new Map(rows.map(({ key, value }) => [key, JSON.parse(value) as unknown]))
    })
  }

  async panes(query: PaneQuery): Promise<readonly PaneRow[]> {
    return this.#read(() => {
      const { from, to, service, env, kinds } = query
      const key = service === undefined ? null : serviceKey(service)
      const rows = this.#statements.panes.all({
        from,
        to,
        service: key,
        env: env ?? null,
        kinds: kinds === undefined ? null : JSON.stringify(kinds),
      })
      return rows.map((row) => ({ ...row, service: serviceOf(row.service) }))
    })
  }

  async signatures(): Promise<readonly SignatureDelta[]> {
    return this.#read(() => {
      const rows = this.#statements.signatures.all()
      return rows.map((row) => ({ ...row, service: serviceOf(row.service) }))
    })
  }

  async alerts({ states, limit = limitDefault }: AlertQuery): Promise<readonly Alert[]> {
    const named = states === undefined ? null : JSON.stringify(states)
    return this.#documents<Alert>(() => this.#statements.alerts.all({ states: named, limit }))
  }

  async deploys(): Promise<readonly Deploy[]> {
    return this.#documents<Deploy>(() => this.#statements.deploys.all())
  }

  async notifications(limit = limitDefault): Promise<readonly Notification[]> {
    return this.#documents<Notification>(() => this.#statements.notifications.all(limit))
  }

  async undelivered(): Promise<readonly Undelivered[]> {
    return this.#read(() => this.#statements.undelivered.all())
  }

  async undispatched(): Promise<readonly Transition[]> {
    return this.#documents<Transition>(() => this.#statements.undispatched.all())
  }

  /** The oldest waiting notifications of each receiver. */
  async waiting(limitPerReceiver: number): Promise<readonly Notification[]> {
    return this.#documents<Notification>(() => this.#statements.waiting.all(limitPerReceiver))
  }

  /** Oldest events of the backlog. */
  async backlog(limit: number): Promise<readonly EventDocument[]> {
    return this.#documents<EventDocument>(() => this.#statements.backlog.all(limit))
  }

  async info(): Promise<StateInfo> {
    return this.#read(() => {
      const db = this.#db
      const counts = this.#statements.counts.get()
      return {
        path: db.name,
        id: counts?.id ?? '',
        schemaVersion: db.pragma('user_version', { simple: true }) as number,
        bytes: sizeOf(db.name) + sizeOf(`${db.name}-wal`),
        commits: counts?.commits ?? 0,
        backlog: counts?.backlog ?? 0,
        backlogDropped: counts?.backlogDropped ?? 0,
        synchronous: synchronousOf(db),
      }
    })
  }

  async close(): Promise<void> {
    this.#db.close()
  }

  #documents<T>(rows: () => string[]): T[] {
    return this.#read(() => rows().map((row) => JSON.parse(row) as T))
  }

  #read<T>(read: () => T): T {
    try {
      return read()
    } catch (error) {
      throw storeError(error, this.#db.name)
    }
  }
}

interface Counts {
  readonly id: string
  readonly commits: number
  readonly backlog: number
  readonly backlogDropped: number
}

interface StoredPane extends Omit<PaneRow, 'service' | 'kind'> {
  readonly service: string
  readonly kind: ItemKind
}

interface PaneParameters {
  readonly from: number
  readonly to: number
  readonly service: string | null
  readonly env: string | null
  readonly kinds: string | null
}

function prepareReads(db: Database.Database) {
  const documents = <P extends unknown[]>(sql: string) => db.prepare<P, string>(sql).pluck()
  return {
    records: db.prepare<[string], { key: string; value: string }>(
      `SELECT key, value FROM record WHERE kind = ?`,
    ),
    panes: db.prepare<PaneParameters, StoredPane>(
      `SELECT width, start AS second, env, service, kind, id, count, late FROM pane
       WHERE width IN (1, 60, 3600) AND start >= @from AND start < @to
         AND (@service IS NULL OR service = @service)
         AND (@env IS NULL OR env = @env)
         AND (@kinds IS NULL OR kind IN (SELECT value FROM json_each(@kinds)))
       ORDER BY start, width, env, service, kind, id`,
    ),
    signatures: db.prepare<[], Omit<SignatureDelta, 'service'> & { readonly service: string }>(
      `SELECT env, service, id, group_id AS "group", template, level, first_seen AS firstSeen,
         last_seen AS lastSeen, count, sample
       FROM signature ORDER BY env, service, id`,
    ),
    alerts: documents<[{ states: string | null; limit: number }]>(
      `SELECT document FROM alert
       WHERE @states IS NULL OR state IN (SELECT value FROM json_each(@states))
       ORDER BY starts_ms DESC, fingerprint LIMIT @limit`,
    ),
    deploys: documents<[]>(`SELECT document FROM deploy ORDER BY start_ms, id`),
    notifications: documents<[number]>(
      `SELECT document FROM notification
       ORDER BY CASE state WHEN 'waiting' THEN 0 WHEN 'parked' THEN 1 ELSE 2 END,
         iif(state = 'waiting', seq, -seq) LIMIT ?`,
    ),
    waiting: documents<[number]>(
      `SELECT document FROM notification JOIN (
         SELECT seq, row_number() OVER (PARTITION BY receiver ORDER BY seq) AS place
         FROM notification WHERE state = 'waiting'
       ) USING (seq) WHERE place <= ? ORDER BY seq`,
    ),
    undelivered: db.prepare<[], Undelivered>(
      `WITH waits AS (SELECT receiver, count(*) AS n, min(seq) AS seq FROM notification
         WHERE state = 'waiting' GROUP BY receiver),
       parks AS (SELECT receiver, count(*) AS n, max(seq) AS seq FROM notification
         WHERE state = 'parked' GROUP BY receiver)
       SELECT receiver, coalesce(waits.n, 0) AS waiting, coalesce(parks.n, 0) AS parked,
         (SELECT document ->> '$.error' FROM notification WHERE seq = waits.seq) AS waitingError,
         (SELECT document ->> '$.error' FROM notification WHERE seq = parks.seq) AS parkedError
       FROM waits FULL JOIN parks USING (receiver) ORDER BY receiver`,
    ),
    undispatched: documents<[]>(
      `SELECT document FROM transition WHERE dispatched = 0 ORDER BY seq`,
    ),
    backlog: documents<[number]>(`SELECT document FROM backlog ORDER BY seq LIMIT ?`),
    counts: db.prepare<[], Counts>(
      `SELECT (SELECT id FROM identity) AS id,
         (SELECT value FROM counter WHERE name = 'commits') AS commits,
         (SELECT count(*) FROM backlog) AS backlog,
         (SELECT value FROM counter WHERE name = 'backlog_dropped') AS backlogDropped`,
    ),
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0
}

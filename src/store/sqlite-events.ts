/** The event index in one SQLite file, `<data>/events.db`, apart from the state: it may be lost,
 *  damaged or full without harm to counts and alerts. It has its own writer thread, because
 *  cutting texts into words must hold up neither the main thread nor the commits. */
import type Database from 'better-sqlite3'
import { join, resolve } from 'node:path'
import { systemClock, type Clock } from '../flow/time.ts'
import { LastpushError } from '../model/errors.ts'
import { prepareDataDir } from './data-dir.ts'
import type { EventDocument, EventIndex, EventSearch, FoundEvents, RecentQuery } from './events.ts'
import { eventSchema } from './migrations.ts'
import { serviceKey } from './service-key.ts'
import { openForReading } from './sqlite-connection.ts'
import { storeError } from './sqlite-errors.ts'
import { searchSqlite } from './sqlite-search.ts'
import { Writer } from './writer.ts'
import type { EventRequest } from './writer-messages.ts'

/** Events that one `recent` gives at most. */
const recentMax = 10_000

/** Events deleted in one transaction. */
const purgedPerStep = 2_000

/** Searches under way at once; each gives the thread back, but all together could still fill it. */
const searchesMax = 8

interface IndexOptions {
  readonly readOnly?: boolean
  /** Bounds the time of a search. */
  readonly clock?: Clock
}

/**
 * Opens the index and makes it when there is none; read-only it neither makes nor changes one,
 * and `put` and `purge` reject.
 * @throws LastpushError STORE_NEWER, STORE_DAMAGED, STORE_FULL or STORE_UNWRITABLE; read-only
 *   also STORE_MISSING and STORE_OLDER.
 */
export async function openEventIndex(
  dataDir: string,
  { readOnly = false, clock = systemClock }: IndexOptions = {},
): Promise<EventIndex> {
  const path = join(resolve(dataDir), eventSchema.file)
  if (readOnly) return new SqliteEventIndex(openForReading(path, eventSchema), null, clock)
  await prepareDataDir(dataDir)
  const writer = await Writer.open<EventRequest>({ kind: 'events', path })
  try {
    return new SqliteEventIndex(openForReading(path, eventSchema), writer, clock)
  } catch (error) {
    await writer.close()
    throw error
  }
}

class SqliteEventIndex implements EventIndex {
  readonly #db: Database.Database
  readonly #writer: Writer<EventRequest> | null
  readonly #clock: Clock
  #searches = 0

  constructor(db: Database.Database, writer: Writer<EventRequest> | null, clock: Clock) {
    this.#db = db
    this.#writer = writer
    this.#clock = clock
  }

  async put(events: readonly EventDocument[]): Promise<void> {
    await this.#write({ op: 'put', events })
  }

  async recent(query: RecentQuery): Promise<readonly EventDocument[]> {
    const { where, values } = conditions(query)
    const limit = Math.max(0, Math.min(query.limit, recentMax))
    return this.#read((db) =>
      db
        .prepare<unknown[], string>(
          `SELECT document FROM event ${where} ORDER BY time DESC, partition DESC, position DESC LIMIT ?`,
        )
        .pluck()
        .all(...values, limit)
        .map((document) => JSON.parse(document) as EventDocument),
    )
  }

  async search(search: EventSearch): Promise<FoundEvents> {
    if (this.#searches >= searchesMax) {
      const message = `${searchesMax} searches are under way: try again in a moment`
      throw new LastpushError('INDEX_AWAY', message)
    }
    this.#searches += 1
    try {
      return await searchSqlite(this.#db, search, this.#clock)
    } catch (error) {
      throw storeError(error, this.#db.name)
    } finally {
      this.#searches -= 1
    }
  }

  async purge(beforeMs: number): Promise<number> {
    const request = { op: 'purge', before: beforeMs, limit: purgedPerStep } as const
    let purged = 0
    let last: number
    do {
      last = await this.#write(request)
      purged += last
    } while (last === purgedPerStep)
    return purged
  }

  async count(): Promise<number> {
    return this.#read((db) => {
      const count = db.prepare<[], number>(`SELECT value FROM counter WHERE name = 'events'`)
      return count.pluck().get() ?? 0
    })
  }

  async close(): Promise<void> {
    this.#db.close()
    await this.#writer?.close()
  }

  async #write(request: EventRequest): Promise<number> {
    if (this.#writer !== null) return this.#writer.request(request)
    throw new LastpushError('STORE_UNWRITABLE', `${this.#db.name} is open for reading only`)
  }

  #read<T>(read: (db: Database.Database) => T): T {
    try {
      return read(this.#db)
    } catch (error) {
      throw storeError(error, this.#db.name)
    }
  }
}

/** The query as SQL made of fixed parts, and its values in their order. */
function conditions(query: RecentQuery): { where: string; values: (string | number)[] } {
  const { from, to, service, signature } = query
  const parts: [string, string | number][] = []
  if (from !== undefined) parts.push(['time >= ?', from])
  if (to !== undefined) parts.push(['time < ?', to])
  if (service !== undefined) parts.push(['service = ?', serviceKey(service)])
  if (signature !== undefined) parts.push(['signature = ?', signature])
  if (parts.length === 0) return { where: '', values: [] }
  return {
    where: `WHERE ${parts.map(([sql]) => sql).join(' AND ')}`,
    values: parts.map(([, value]) => value),
  }
}

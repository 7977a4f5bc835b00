/** The writes of the event index as prepared statements. Each runs inside the transaction that
 *  write-session.ts has begun. The text index is kept in step row by row. */
import type Database from 'better-sqlite3'
import { searched, searchedWords } from './event-values.ts'
import { serviceKey } from './service-key.ts'
import type { EventDocument } from './events.ts'
import type { WriteRequest } from './writer-messages.ts'

/** Prepares the statements of one connection. */
export function eventWrites(db: Database.Database): (request: WriteRequest) => number {
  const put = putWrite(db)
  const purge = purgeWrite(db)
  return (request) => {
    switch (request.op) {
      case 'put':
        request.events.forEach(put)
        return 0
      case 'purge':
        return purge(request.before, request.limit)
      case 'commit':
      case 'dispatch':
      case 'dropBacklog':
      case 'compact':
        throw new Error(`the event index has no ${request.op}`)
    }
  }
}

function putWrite(db: Database.Database): (event: EventDocument) => void {
  const stored = db.prepare<[string], { number: number; document: string }>(
    `SELECT number, document FROM event WHERE id = ?`,
  )
  const insert = db.prepare(
    `INSERT INTO event (time, partition, position, service, signature, document, id)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  )
  const update = db.prepare(
    `UPDATE event SET time = ?, partition = ?, position = ?, service = ?, signature = ?, document = ?
     WHERE id = ?`,
  )
  const index = db.prepare(`INSERT OR REPLACE INTO event_words (rowid, words) VALUES (?, ?)`)
  const count = db.prepare(`UPDATE counter SET value = value + 1 WHERE name = 'events'`)
  return (event) => {
    const document = JSON.stringify(event)
    const old = stored.get(event.id)
    // A crash makes the indexer put the same events again; their text need not be cut up twice.
    if (old?.document === document) return
    const { id, time, partition, position, signature } = event
    const row = [time, partition, position, serviceKey(event.service), signature, document, id]
    const words = searchedWords(searched(event)).join(' ')
    if (old === undefined) {
      const { lastInsertRowid } = insert.run(...row)
      index.run(lastInsertRowid, words)
      count.run()
    } else {
      update.run(...row)
      index.run(old.number, words)
    }
  }
}

function purgeWrite(db: Database.Database): (before: number, limit: number) => number {
  const old = db
    .prepare<[number, number], number>(
      `SELECT number FROM event WHERE time < ? ORDER BY time LIMIT ?`,
    )
    .pluck()
  const removeWords = db.prepare(`DELETE FROM event_words WHERE rowid = ?`)
  const remove = db.prepare(`DELETE FROM event WHERE number = ?`)
  const count = db.prepare(`UPDATE counter SET value = value - ? WHERE name = 'events'`)
  return (before, limit) => {
    const numbers = old.all(before, limit)
    for (const number of numbers) {
      removeWords.run(number)
      remove.run(number)
    }
    count.run(numbers.length)
    return numbers.length
  }
}

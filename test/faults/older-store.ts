/** Stores as an earlier version of lastpush has left them: made by its migrations, which never
 *  change once they were shipped, and filled as it filled them. */
import Database from 'better-sqlite3'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { eventSchema } from '../../src/store/migrations.ts'
import { openForWriting } from '../../src/store/sqlite-connection.ts'

interface EventRow {
  readonly number: number
  readonly id: string
  readonly time: number
  readonly service: string
  readonly signature: string | null
  readonly document: string
}

/** Gives the event index of a stopped daemon the first schema, with the same events. */
export function asFirstIndex(dataDir: string): number {
  const path = join(dataDir, eventSchema.file)
  const newer = new Database(path)
  const rows = newer
    .prepare<[], EventRow>('SELECT number, id, time, service, signature, document FROM event')
    .all()
  newer.close()
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
  const older = openForWriting(path, {
    ...eventSchema,
    migrations: eventSchema.migrations.slice(0, 1),
  })
  const put = older.prepare('INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)')
  const index = older.prepare('INSERT INTO event_text (rowid, text, stack) VALUES (?, ?, ?)')
  for (const { number, id, time, service, signature, document } of rows) {
    put.run(number, id, time, service, signature, document)
    const { text, stack } = JSON.parse(document) as { text: string; stack: string | null }
    index.run(number, text, stack ?? '')
  }
  older.prepare(`UPDATE counter SET value = ? WHERE name = 'events'`).run(rows.length)
  older.close()
  return rows.length
}

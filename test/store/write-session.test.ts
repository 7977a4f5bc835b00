import Database from 'better-sqlite3'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { eventSchema, stateSchema } from '../../src/store/migrations.ts'
import { openForWriting } from '../../src/store/sqlite-connection.ts'
import { stateWrites } from '../../src/store/state-writes.ts'
import { WriteSession } from '../../src/store/write-session.ts'
import { commitOf, eventOf, paneOf } from '../contract/store-samples.ts'
import { temporaryDir } from './directories.ts'

const commit = { op: 'commit', commit: commitOf({ panes: [paneOf({})] }) } as const

function panesOf(path: string): unknown {
  const db = new Database(path, { readonly: true })
  const sum = db.prepare('SELECT sum(count) FROM pane').pluck().get()
  db.close()
  return sum
}

test('goes on after its connection was given up', async () => {
  const path = join(await temporaryDir(), stateSchema.file)
  const session = new WriteSession('state', path)
  session.write(commit)
  session.close()
  session.write(commit)
  session.close()
  expect(panesOf(path)).toBe(2)
})

test('refuses all when a write that was reported as failed is in the file', async () => {
  const path = join(await temporaryDir(), stateSchema.file)
  const session = new WriteSession('state', path)
  session.write(commit)
  session.close()
  // The file as recovery would leave it after a sync that failed once the log was written.
  new WriteSession('state', path).write(commit)
  for (let attempt = 0; attempt < 2; attempt++) {
    expect(() => session.write(commit)).toThrow(
      expect.objectContaining({
        code: 'STORE_UNWRITABLE',
        message: expect.stringContaining('restart lastpush') as string,
      }),
    )
  }
  expect(panesOf(path)).toBe(2)
})

test('reads synchronous back as FULL, also after opening a file again', async () => {
  const dir = await temporaryDir()
  for (const [kind, schema] of [
    ['state', stateSchema],
    ['events', eventSchema],
  ] as const) {
    const session = new WriteSession(kind, join(dir, schema.file))
    expect(session.synchronous()).toBe(2)
    session.close()
    expect(session.synchronous()).toBe(2)
    session.close()
  }
})

test('lets the oldest events of a full backlog go and counts them', async () => {
  const path = join(await temporaryDir(), stateSchema.file)
  const db = openForWriting(path, stateSchema)
  const write = stateWrites(db, 3)
  const add = (...ids: string[]) => {
    write({ op: 'commit', commit: commitOf({ backlog: ids.map((id) => eventOf({ id })) }) })
  }
  const kept = () => db.prepare('SELECT id FROM backlog ORDER BY seq').pluck().all()
  const dropped = db.prepare(`SELECT value FROM counter WHERE name = 'backlog_dropped'`).pluck()
  add('a', 'b', 'c')
  expect([kept(), dropped.get()]).toEqual([['a', 'b', 'c'], 0])
  add('d', 'e')
  expect([kept(), dropped.get()]).toEqual([['c', 'd', 'e'], 2])
  write({ op: 'dropBacklog', ids: ['c', 'd', 'e'] })
  add('f')
  expect([kept(), dropped.get()]).toEqual([['f'], 2])
  db.close()
})

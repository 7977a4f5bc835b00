import Database from 'better-sqlite3'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openEventIndex } from '../../src/store/sqlite-events.ts'
import { ManualClock } from '../../src/flow/time.ts'
import { parseQuery } from '../../src/query/query.ts'
import { eventSchema } from '../../src/store/migrations.ts'
import { openForWriting } from '../../src/store/sqlite-connection.ts'
import { eventIndexContract } from '../contract/event-index.ts'
import { eventOf } from '../contract/store-samples.ts'
import { temporaryDir } from './directories.ts'

eventIndexContract('SQLite', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'lastpush-test-'))
  return {
    open: () => openEventIndex(dir),
    queries: 300,
    remove: () => rm(dir, { recursive: true, force: true }),
  }
})

test('keeps words in the text index as queries cut and fold them', async () => {
  const dir = await temporaryDir()
  const index = await openEventIndex(dir)
  const found = (words: string) => {
    const db = new Database(join(dir, 'events.db'), { readonly: true })
    const sql = `SELECT id FROM event_words JOIN event ON number = event_words.rowid
      WHERE event_words MATCH ? ORDER BY id`
    const ids = db.prepare(sql).pluck().all(words)
    db.close()
    return ids
  }
  const event = (id: string, message: string, time: number) =>
    eventOf({ id, time, fields: { message } })
  await index.put([event('a', 'Cannot open /srv/GRÖSSE', 10), event('b', 'cannot close', 20)])
  expect(found('cannot')).toEqual(['a', 'b'])
  expect(found('grosse')).toEqual([])
  expect(found('grösse')).toEqual(['a'])
  await index.put([event('a', 'opened at last', 10)])
  expect(found('cannot')).toEqual(['b'])
  expect(found('opened')).toEqual(['a'])
  expect(await index.purge(15)).toBe(1)
  expect(found('opened')).toEqual([])
  await index.put([event('c', 'third', 30)])
  expect(found('third')).toEqual(['c'])
  await index.close()
})

test('makes the events of an index of version 1 searchable', async () => {
  const dir = await temporaryDir()
  const first = { ...eventSchema, migrations: eventSchema.migrations.slice(0, 1) }
  const db = openForWriting(join(dir, 'events.db'), first)
  const insert = db.prepare(
    `INSERT INTO event (id, time, service, signature, document) VALUES (?, ?, ?, ?, ?)`,
  )
  const events = [1, 2, 3].map((position) =>
    eventOf({ id: `app.log@${position}`, position, fields: { message: `Line-${position} boom` } }),
  )
  for (const event of events) insert.run(event.id, event.time, '=web', 'a1', JSON.stringify(event))
  db.close()
  const index = await openEventIndex(dir)
  const found = await index.search({ query: parseQuery('"line 2"'), limit: 10 })
  expect(found).toEqual({ events: [events[1]], total: 1, next: null })
  const all = await index.search({ query: parseQuery('boom'), limit: 10 })
  expect(all.events).toEqual([...events].reverse())
  await index.close()
})

test('S16: a search that takes too long says what it has found and where to go on', async () => {
  // Each look at this clock takes a third of a second.
  const slow = new ManualClock(0)
  const clock = { ...slow, now: () => 0, monotonic: () => (slow.advance(333), slow.now()), sleep: async () => {} } // prettier-ignore
  const index = await openEventIndex(await temporaryDir(), { clock })
  const events = Array.from({ length: 60 }, (_, position) =>
    eventOf({ id: `app.log@${position}`, position, time: position }),
  )
  await index.put(events)
  const query = parseQuery('line:7 AND NOT a:x')
  const ids: string[] = []
  const sizes: number[] = []
  let before
  do {
    const answer = await index.search({ query, limit: 60, ...(before && { before }) })
    if (before === undefined) expect(answer.total).toBeNull()
    ids.push(...answer.events.map(({ id }) => id))
    sizes.push(answer.events.length)
    before = answer.next
  } while (before !== null)
  expect(ids).toEqual(events.map(({ id }) => id).reverse())
  expect(sizes.length).toBeGreaterThan(5)
  await index.close()
})

test('refuses more than eight searches at once, and takes more when they are done', async () => {
  // A clock on which every look is a turn of the thread.
  let look = 0
  const clock = { ...new ManualClock(0), now: () => 0, monotonic: () => (look += 11), sleep: async () => {} } // prettier-ignore
  const index = await openEventIndex(await temporaryDir(), { clock })
  await index.put([eventOf({}), eventOf({ id: 'b', position: 1 })])
  const query = parseQuery('*')
  const all = Array.from({ length: 9 }, () => index.search({ query, limit: 5 }))
  const ended = await Promise.allSettled(all)
  expect(ended.map(({ status }) => status)).toEqual([
    ...Array<string>(8).fill('fulfilled'),
    'rejected',
  ])
  expect(ended[8]).toMatchObject({ reason: { code: 'INDEX_AWAY', retryable: true } })
  expect((await index.search({ query, limit: 5 })).total).toBe(2)
  await index.close()
})

test('reads an index without writing to it', async () => {
  const dir = await temporaryDir()
  await expect(openEventIndex(dir, { readOnly: true })).rejects.toMatchObject({
    code: 'STORE_MISSING',
  })
  expect(existsSync(join(dir, 'events.db'))).toBe(false)
  const index = await openEventIndex(dir)
  await index.put([eventOf({ id: 'a' })])
  const reader = await openEventIndex(dir, { readOnly: true })
  expect((await reader.recent({ limit: 5 })).map(({ id }) => id)).toEqual(['a'])
  await expect(reader.put([eventOf({})])).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' })
  await expect(reader.purge(1e15)).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' })
  await reader.close()
  await index.close()
})

import Database from 'better-sqlite3'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openEventIndex } from '../../src/store/sqlite-events.ts'
import { eventIndexContract } from '../contract/event-index.ts'
import { eventOf } from '../contract/store-samples.ts'
import { temporaryDir } from './directories.ts'

eventIndexContract('SQLite', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'lastpush-test-'))
  return {
    open: () => openEventIndex(dir),
    remove: () => rm(dir, { recursive: true, force: true }),
  }
})

test('keeps the text index in step with inserts, replacements and purges', async () => {
  const dir = await temporaryDir()
  const index = await openEventIndex(dir)
  const found = (words: string) => {
    const db = new Database(join(dir, 'events.db'), { readonly: true })
    const sql = `SELECT id FROM event_text JOIN event ON number = event_text.rowid
      WHERE event_text MATCH ? ORDER BY id`
    const ids = db.prepare(sql).pluck().all(words)
    db.close()
    return ids
  }
  await index.put([
    eventOf({ id: 'a', text: 'Cannot open /srv/Größe', time: 10 }),
    eventOf({ id: 'b', text: 'cannot close', stack: '#0 Cart.php(3)', time: 20 }),
  ])
  expect(found('cannot')).toEqual(['a', 'b'])
  expect(found('grösse')).toEqual([])
  expect(found('GRÖßE')).toEqual(['a'])
  expect(found('cart')).toEqual(['b'])
  await index.put([eventOf({ id: 'a', text: 'opened at last', time: 10 })])
  expect(found('cannot')).toEqual(['b'])
  expect(found('opened')).toEqual(['a'])
  expect(await index.purge(15)).toBe(1)
  expect(found('opened')).toEqual([])
  await index.put([eventOf({ id: 'c', text: 'third', time: 30 })])
  expect(found('third')).toEqual(['c'])
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

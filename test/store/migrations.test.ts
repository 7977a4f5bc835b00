import Database from 'better-sqlite3'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { migrate, stateSchema, type Schema } from '../../src/store/migrations.ts'
import { openForReading, openForWriting } from '../../src/store/sqlite-connection.ts'
import { openState, openStateReader } from '../../src/store/sqlite.ts'
import { commitOf, paneOf } from '../contract/store-samples.ts'
import { temporaryDir } from './directories.ts'

const first: Schema = { file: 'a.db', migrations: ['CREATE TABLE one (n INTEGER)'] }
const third: Schema = {
  file: 'a.db',
  migrations: [
    ...first.migrations,
    'ALTER TABLE one ADD COLUMN m INTEGER NOT NULL DEFAULT 5',
    'CREATE TABLE two AS SELECT n + m AS sum FROM one',
  ],
}

async function olderFile(): Promise<string> {
  const path = join(await temporaryDir(), 'a.db')
  const db = openForWriting(path, first)
  db.exec('INSERT INTO one VALUES (7)')
  db.close()
  return path
}

const versionOf = (db: Database.Database) => db.pragma('user_version', { simple: true })

describe('a store of an older version', () => {
  test('is upgraded with what it holds when it is opened for writing', async () => {
    const path = await olderFile()
    const db = openForWriting(path, third)
    expect(versionOf(db)).toBe(3)
    expect(db.prepare('SELECT sum FROM two').all()).toEqual([{ sum: 12 }])
    db.close()
    const again = openForWriting(path, third)
    expect(again.prepare('SELECT count(*) AS rows FROM two').all()).toEqual([{ rows: 1 }])
    again.close()
  })

  test('stays as it was when one of the migrations fails', async () => {
    const path = await olderFile()
    const broken = { file: 'a.db', migrations: [...third.migrations, 'CREATE TABLE two (x)'] }
    expect(() => openForWriting(path, broken)).toThrow('table two already exists')
    const db = openForWriting(path, first)
    expect(versionOf(db)).toBe(1)
    expect(db.prepare('SELECT * FROM one').all()).toEqual([{ n: 7 }])
    db.close()
  })

  test('is not upgraded by a reader, which says what will', async () => {
    const path = await olderFile()
    expect(() => openForReading(path, third)).toThrow(
      expect.objectContaining({ code: 'STORE_OLDER' }),
    )
  })
})

test('F39: a store of a newer version is refused and left alone', async () => {
  const dir = await temporaryDir()
  const state = await openState(dir)
  await state.commit(commitOf({ panes: [paneOf({})] }))
  await state.close()
  const db = new Database(join(dir, 'state.db'))
  db.pragma('user_version = 3')
  db.close()
  for (const open of [openState, openStateReader]) {
    await expect(open(dir)).rejects.toMatchObject({ code: 'STORE_NEWER' })
  }
  const after = new Database(join(dir, 'state.db'))
  expect(versionOf(after)).toBe(3)
  expect(after.prepare('SELECT count FROM pane').all()).toEqual([{ count: 1 }])
  after.close()
})

test('every migration of the state applies one after the other', () => {
  const db = new Database(':memory:')
  stateSchema.migrations.forEach((_, done) => {
    migrate(db, { ...stateSchema, migrations: stateSchema.migrations.slice(0, done + 1) }, done)
    expect(versionOf(db)).toBe(done + 1)
  })
})

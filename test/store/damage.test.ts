/** Files that are not what they should be: each is refused with what to do, and left as it is. */
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { randomBytes } from 'node:crypto'
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LastpushError } from '../../src/model/errors.ts'
import { openState, openStateReader } from '../../src/store/sqlite.ts'
import { openEventIndex } from '../../src/store/sqlite-events.ts'
import { commitOf, eventOf, paneOf, signatureOf } from '../contract/store-samples.ts'
import { temporaryDir } from './directories.ts'

async function storeWithPanes(): Promise<{ dir: string; path: string }> {
  const dir = await temporaryDir()
  const state = await openState(dir)
  const panes = Array.from({ length: 500 }, (_, second) => paneOf({ second }))
  const signatures = Array.from({ length: 50 }, (_, n) => signatureOf({ id: String(n) }))
  await state.commit(commitOf({ panes, signatures, backlog: [eventOf({})] }))
  await state.close()
  return { dir, path: join(dir, 'state.db') }
}

describe('a damaged store', () => {
  test.each([
    ['empty', Buffer.alloc(0)],
    ['zeroed', Buffer.alloc(8_192)],
    ['random', randomBytes(8_192)],
    ['text', Buffer.from('not a database\n')],
  ])('that is %s is refused and left alone', async (_, content) => {
    const dir = await temporaryDir()
    const path = join(dir, 'state.db')
    writeFileSync(path, content)
    for (const open of [openState, openStateReader]) {
      await expect(open(dir)).rejects.toMatchObject({
        code: 'STORE_DAMAGED',
        message: expect.stringContaining(path) as string,
      })
    }
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  test('with a zeroed header is refused', async () => {
    const { dir, path } = await storeWithPanes()
    const bytes = readFileSync(path)
    bytes.fill(0, 0, 100)
    writeFileSync(path, bytes)
    await expect(openState(dir)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  })

  test('with a page that is no tree page is refused on opening', async () => {
    const { dir, path } = await storeWithPanes()
    const bytes = readFileSync(path)
    for (let page = 1; page < bytes.length / 4_096; page++) bytes[page * 4_096] = 0xff
    writeFileSync(path, bytes)
    await expect(openState(dir)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  })

  test('that is another program’s database is refused', async () => {
    const dir = await temporaryDir()
    const other = new Database(join(dir, 'state.db'))
    other.exec('CREATE TABLE photos (id INTEGER)')
    other.close()
    await expect(openState(dir)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
    other.close()
  })

  test('that lacks a table is refused', async () => {
    const { dir, path } = await storeWithPanes()
    const db = new Database(path)
    db.exec('DROP TABLE pane')
    db.close()
    await expect(openState(dir)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
    await expect(openStateReader(dir)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  })

  test('with a document that is no JSON says so when it is read', async () => {
    const { dir, path } = await storeWithPanes()
    const db = new Database(path)
    db.exec(`INSERT INTO record VALUES ('scope', 'a', '{')`)
    db.close()
    const reader = await openStateReader(dir)
    await expect(reader.records('scope')).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
    await reader.close()
  })

  test('F38: with any one byte changed works or is refused by a STORE_ code', async () => {
    const { dir, path } = await storeWithPanes()
    const whole = readFileSync(path)
    const change = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }))
    await fc.assert(
      fc.asyncProperty(change, async ([position, flip]) => {
        const bytes = Buffer.from(whole)
        bytes[position] = bytes[position]! ^ flip
        writeFileSync(path, bytes)
        for (const end of ['-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
        const error = await readAll(dir).catch((thrown: unknown) => thrown)
        if (error === null) return
        expect(error).toBeInstanceOf(LastpushError)
        expect((error as LastpushError).code).toMatch(/^STORE_(DAMAGED|NEWER|OLDER)$/)
      }),
      { numRuns: 30 },
    )
  })

  test('an index that is damaged leaves the state unhurt', async () => {
    const { dir } = await storeWithPanes()
    writeFileSync(join(dir, 'events.db'), 'garbage'.repeat(1_000))
    await expect(openEventIndex(dir)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
    expect(await readAll(dir)).toBe(null)
  })
})

test('S38: a link under the name of a store is not followed', async () => {
  const elsewhere = await temporaryDir()
  const dir = await temporaryDir()
  const target = join(elsewhere, 'victim')
  writeFileSync(target, 'precious')
  symlinkSync(target, join(dir, 'state.db'))
  for (const open of [openState, openStateReader]) {
    await expect(open(dir)).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' })
  }
  expect(readFileSync(target, 'utf8')).toBe('precious')
})

/** null when everything in the store can be read and written. */
async function readAll(dir: string): Promise<null> {
  const state = await openState(dir)
  try {
    await state.panes({ from: 0, to: 1e9 })
    await state.signatures()
    await state.backlog(10)
    await state.info()
    await state.commit(commitOf({ panes: [paneOf({})] }))
    return null
  } finally {
    await state.close()
  }
}

/** F39: a store of an earlier version is brought up to date and goes on without a recount; one of a
 *  newer version is refused and left as it is. */
import Database from 'better-sqlite3'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stateSchema } from '../../src/store/migrations.ts'
import { openState } from '../../src/store/sqlite.ts'
import { readBooks } from './books.ts'
import { command, Daemon, folder } from './daemon.ts'
import { asFirstIndex } from './older-store.ts'
import { RequestLog } from './requests.ts'

const stateOfVersion1 = new URL('state-v1.sql', import.meta.url)

test('F39: an index of the first schema is upgraded, searched and counted on', async () => {
  const dir = folder()
  const log = new RequestLog(dir)
  const dataDir = join(dir, 'data')
  log.append(100)
  await log.settle(await new Daemon({ dataDir, args: log.args }).ready())
  expect(asFirstIndex(dataDir)).toBe(20)
  expect(command(['search', 'status:500', '--data', dataDir]).stderr).toContain('[STORE_OLDER]')
  log.append(50)
  const daemon = await new Daemon({ dataDir, args: log.args }).ready()
  await daemon.lines(log.path, 150)
  const found = command(['search', 'path:\\/95', '--data', dataDir])
  expect(found.stdout, found.stderr).toContain('GET /95 HTTP/1.1')
  await log.settle(daemon)
})

test('F39: a state that version 1 has written holds all that it held', async () => {
  const dataDir = folder()
  const path = join(dataDir, 'state.db')
  const db = new Database(path)
  db.pragma('journal_mode = WAL')
  db.exec(readFileSync(stateOfVersion1, 'utf8'))
  db.close()
  const state = await openState(dataDir)
  const panes = await state.panes({ from: 0, to: 2 ** 40 })
  expect(panes.map(({ kind, id, count, late }) => [kind, id, count, late])).toEqual([
    ['requests', '', 3, 0],
    ['status', '500', 2, 1],
  ])
  expect(await state.records('partition')).toEqual(new Map([['/var/log/a.log', { lines: 6 }]]))
  expect((await state.alerts({ limit: 9 })).map(({ rule, state: is }) => [rule, is])).toEqual([['server-errors', 'firing']]) // prettier-ignore
  expect((await state.undispatched()).map(({ id }) => id)).toEqual(['t2'])
  expect((await state.waiting(9)).map(({ key, body }) => [key, body])).toEqual([['k1', '{}']])
  expect((await state.deploys()).map(({ sha }) => sha)).toEqual(['3b77d0c5ae'])
  expect((await state.signatures()).map(({ template, count }) => [template, count])).toEqual([['no such cart', 2]]) // prettier-ignore
  expect((await state.backlog(9)).map(({ id }) => id)).toEqual(['e1'])
  expect(await state.info()).toMatchObject({ commits: 7, backlog: 1 })
  await state.close()
})

test('F39: a newer state is refused and left alone; a newer index is left out and told', async () => {
  const dir = folder()
  const log = new RequestLog(dir)
  const dataDir = join(dir, 'data')
  log.append(10)
  await log.settle(await new Daemon({ dataDir, args: log.args }).ready())

  setVersion(join(dataDir, 'state.db'), 99)
  const before = readFileSync(join(dataDir, 'state.db'))
  const told = command(['run', ...log.args, '--data', dataDir])
  expect(told.code).toBe(4)
  expect(told.stderr).toMatch(
    /has schema version 99, and this lastpush knows \d at most: .*STORE_NEWER/,
  )
  expect(readFileSync(join(dataDir, 'state.db')).equals(before)).toBe(true)

  setVersion(join(dataDir, 'state.db'), stateSchema.migrations.length)
  setVersion(join(dataDir, 'events.db'), 99)
  log.append(10)
  const daemon = await new Daemon({ dataDir, args: log.args }).ready()
  await daemon.lines(log.path, 20)
  expect(daemon.stderr).toContain('the event index cannot be opened')
  expect((await daemon.status()).index.fault).not.toBe(null)
  expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
  expect((await readBooks(dataDir)).panes['requests ']).toBe(20)
})

/** As a newer lastpush would leave it. */
function setVersion(path: string, version: number): void {
  const db = new Database(path)
  db.pragma(`user_version = ${version}`)
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.close()
}

import Database from 'better-sqlite3'
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openState, openStateReader, openTemporaryState } from '../../src/store/sqlite.ts'
import { stateContract } from '../contract/state.ts'
import { commitOf, paneOf, transitionOf } from '../contract/store-samples.ts'
import { built, startChild } from './child.ts'
import { temporaryDir } from './directories.ts'

stateContract('SQLite', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'lastpush-test-'))
  return {
    open: () => openState(dir),
    openReader: () => openStateReader(dir),
    remove: () => rm(dir, { recursive: true, force: true }),
  }
})

describe('durability', () => {
  test('reads synchronous back as FULL on the writing and the reading connection', async () => {
    const dir = await temporaryDir()
    const state = await openState(dir)
    expect(await state.info()).toMatchObject({ synchronous: 2, schemaVersion: 2 })
    const reader = await openStateReader(dir)
    expect(await reader.info()).toMatchObject({ synchronous: 2 })
    await reader.close()
    await state.close()
  })

  test('runs on a SQLite without the WAL-reset bug', () => {
    const version = new Database(':memory:').prepare('SELECT sqlite_version()').pluck().get()
    const [major, minor, patch] = String(version).split('.').map(Number)
    const number = major! * 1e6 + minor! * 1e3 + patch!
    expect(number).toBeGreaterThanOrEqual(3_051_003)
  })

  test('keeps a prefix of the commits when the process is killed among them', async () => {
    const dir = await temporaryDir()
    const child = startChild(`
      import { openState } from ${built('store/sqlite')}
      const state = await openState(${JSON.stringify(dir)})
      const pane = ${JSON.stringify(paneOf({}))}
      const transition = ${JSON.stringify(transitionOf({}))}
      const empty = ${JSON.stringify(commitOf({}))}
      for (let n = 1; n <= 100_000; n++) {
        await state.commit({
          ...empty,
          records: [{ kind: 'partition', key: 'app.log', value: n }],
          panes: [{ ...pane, second: n }, pane],
          transitions: [{ ...transition, id: String(n) }],
        })
        console.log(n)
      }`)
    let answered = 0
    while (answered < 50) answered = Number(await child.line())
    await child.kill()

    const reader = await openStateReader(dir)
    const { commits } = await reader.info()
    expect(commits).toBeGreaterThanOrEqual(answered)
    expect(await reader.records('partition')).toEqual(new Map([['app.log', commits]]))
    const panes = await reader.panes({ from: 0, to: 1e9 })
    expect(panes.reduce((sum, { count }) => sum + count, 0)).toBe(2 * commits)
    const ids = (await reader.undispatched()).map(({ id }) => Number(id))
    expect(ids).toEqual(Array.from({ length: commits }, (_, n) => n + 1))
    await reader.close()

    const state = await openState(dir)
    await state.commit(commitOf({}))
    expect(await state.info()).toMatchObject({ commits: commits + 1 })
    await state.close()
  })

  test('leaves one file behind when it is closed, readable by its owner alone', async () => {
    const dir = await temporaryDir()
    const state = await openState(dir)
    await state.commit(commitOf({ panes: [paneOf({})] }))
    for (const name of readdirSync(dir)) {
      expect([name, statSync(join(dir, name)).mode & 0o777]).toEqual([name, 0o600])
    }
    await state.close()
    await state.close()
    expect(readdirSync(dir)).toEqual(['state.db'])
  })
})

describe('reading without the daemon', () => {
  test('says that there is no store and makes none', async () => {
    const dir = await temporaryDir()
    await expect(openStateReader(dir)).rejects.toMatchObject({ code: 'STORE_MISSING' })
    await expect(openStateReader(join(dir, 'none'))).rejects.toMatchObject({
      code: 'STORE_MISSING',
    })
    expect(readdirSync(dir)).toEqual([])
  })

  test('reads a closed store', async () => {
    const dir = await temporaryDir()
    const state = await openState(dir)
    await state.commit(commitOf({ panes: [paneOf({ count: 7 })] }))
    await state.close()
    const reader = await openStateReader(dir)
    expect(await reader.panes({ from: 0, to: 1e9 })).toMatchObject([{ count: 7 }])
    await reader.close()
  })
})

test('a temporary store is a real one and leaves nothing behind', async () => {
  const temporary = await openTemporaryState()
  await temporary.state.commit(commitOf({ panes: [paneOf({})] }))
  expect(await temporary.state.info()).toMatchObject({ commits: 1, synchronous: 2 })
  await temporary.close()
  expect(existsSync(temporary.dir)).toBe(false)
})

test('starts anew where the store was removed but its log was left', async () => {
  const dir = await temporaryDir()
  const child = startChild(`
    import { openState } from ${built('store/sqlite')}
    const state = await openState(${JSON.stringify(dir)})
    await state.commit(${JSON.stringify(commitOf({ panes: [paneOf({})] }))})
    console.log('committed')
    setInterval(() => {}, 1_000)`)
  await child.line()
  await child.kill()
  expect(existsSync(join(dir, 'state.db-wal'))).toBe(true)
  await rm(join(dir, 'state.db'))
  // What a crash in the middle of making a store leaves.
  writeFileSync(join(dir, 'state.db.new'), 'half')
  const state = await openState(dir)
  expect(await state.panes({ from: 0, to: 1e9 })).toEqual([])
  expect(await state.info()).toMatchObject({ commits: 0 })
  await state.close()
})

test('compacts in parts, between which commits take their turn', async () => {
  const dir = await temporaryDir()
  const state = await openState(dir)
  const services = Array.from({ length: 10 }, (_, n) => `service ${n}`)
  const panes = Array.from({ length: 3_000 }, (_, second) =>
    services.map((service) => paneOf({ service, second, count: 2 })),
  ).flat()
  await state.commit(commitOf({ panes }))
  const order: string[] = []
  const compacted = state.compact(10 * 86_400_000, 30 * 86_400_000)
  await Promise.all([
    compacted.then(() => order.push('compacted')),
    state
      .commit(commitOf({ panes: [paneOf({ second: 5e9 })] }))
      .then(() => order.push('committed')),
  ])
  expect(order).toEqual(['committed', 'compacted'])
  const coarse = await state.panes({ from: 0, to: 4_000 })
  expect(coarse.map(({ width }) => width)).toEqual(Array.from({ length: 500 }, () => 60))
  expect(coarse.map(({ count }) => count)).toEqual(Array.from({ length: 500 }, () => 120))
  await state.close()
})

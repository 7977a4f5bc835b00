/** F38: the store is deleted, zeroed, or one bit of it is another. The daemon says so, by a refusal or
 *  a warning; it never counts from nothing in silence. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LastpushError } from '../../src/model/errors.ts'
import { openState } from '../../src/store/sqlite.ts'
import { command, Daemon, folder, full, until } from './daemon.ts'
import { seeded } from './random.ts'
import { RequestLog } from './requests.ts'

const flips = full ? 500 : 25

/** A log that a daemon has counted and left. */
async function counted(): Promise<{ log: RequestLog; dataDir: string; state: string }> {
  const dir = folder()
  const log = new RequestLog(dir)
  log.append(300)
  const dataDir = join(dir, 'data')
  await log.settle(await new Daemon({ dataDir, args: log.args }).ready())
  return { log, dataDir, state: join(dataDir, 'state.db') }
}

test('F38: a store that is moved away while it is in use takes no commit, and goes on once it is back', async () => {
  const { log, dataDir, state } = await counted()
  const daemon = await new Daemon({ dataDir, args: log.args }).ready()
  expect(daemon.stderr).not.toContain('state.db is missing')
  renameSync(state, `${state}.away`)
  await until('health to tell', async () => {
    log.append(10)
    return (await daemon.health()).status === 503
  })
  expect((await daemon.health()).reasons).toEqual([
    `${state} was removed or replaced while it was in use: move it back, or stop lastpush and` +
      ' put a backup in its place',
  ])
  renameSync(`${state}.away`, state)
  await until('health to be well again', async () => (await daemon.health()).status === 200)
  await log.settle(daemon)
})

test('F38: a store that is deleted while it is in use takes no commit, and is made anew with a warning', async () => {
  const { log, dataDir, state } = await counted()
  const daemon = await new Daemon({ dataDir, args: log.args }).ready()
  rmSync(state)
  await until('health to tell', async () => {
    log.append(10)
    return (await daemon.health()).status === 503
  })
  await daemon.stop()
  const next = await new Daemon({ dataDir, args: log.args }).ready()
  expect(next.stderr).toContain('state.db is missing beside what an earlier run has left')
  await log.settle(next)
})

test('F38: a zeroed store is refused by its path and left alone', async () => {
  const { log, dataDir, state } = await counted()
  const zeroed = Buffer.alloc(readFileSync(state).length)
  writeFileSync(state, zeroed)
  const told = command(['run', ...log.args, '--data', dataDir])
  expect(told.code).toBe(4)
  expect(told.stderr).toContain(`${state} is no readable store`)
  expect(told.stderr).toContain('[STORE_DAMAGED]')
  expect(readFileSync(state).equals(zeroed)).toBe(true)
})

test(
  `F38: with one of ${flips} bits flipped a store is refused, or holds what it held but for a value`,
  { timeout: flips * 200 + 60_000 },
  async () => {
    const random = seeded()
    const { log, dataDir, state } = await counted()
    const whole = readFileSync(state)
    for (let flip = 0; flip < flips; flip++) {
      const bytes = Buffer.from(whole)
      const position = random.below(bytes.length)
      bytes[position] = (bytes[position] ?? 0) ^ (1 << random.below(8))
      for (const end of ['-wal', '-shm']) rmSync(`${state}${end}`, { force: true })
      writeFileSync(state, bytes)
      const held = await linesHeld(dataDir, log.path)
      const where = `LASTPUSH_FAULTS_SEED=${random.seed} byte ${position}`
      if (typeof held === 'string') expect(held, where).toMatch(/^STORE_(DAMAGED|NEWER|OLDER)$/)
      else expect(held, where).toBeGreaterThan(0)
    }
  },
)

/** Requests in all panes, or the code of the refusal. */
async function linesHeld(dataDir: string, path: string): Promise<number | string> {
  try {
    const state = await openState(dataDir)
    try {
      await state.records('partition')
      const panes = await state.panes({ from: 0, to: 2 ** 40 })
      return panes.reduce((sum, { count }) => sum + count, 0)
    } finally {
      await state.close()
    }
  } catch (error) {
    if (error instanceof LastpushError) return error.code
    throw new Error(`${path} ended in ${String(error)}`, { cause: error })
  }
}

/** Disks that refuse to take more: a full one, and one that fails in the middle of a commit. */
import { spawnSync } from 'node:child_process'
import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openState, openStateReader } from '../../src/store/sqlite.ts'
import { commitOf, eventOf, paneOf } from '../contract/store-samples.ts'
import { built, startChild } from './child.ts'
import { temporaryDir } from './directories.ts'

async function smallDisk(): Promise<string | null> {
  const dir = await temporaryDir()
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m,mode=0700', 'tmpfs', dir])
  if (mount.status !== 0) return null
  onTestFinished(() => void spawnSync('umount', ['--lazy', dir]))
  return dir
}

test('F32: a full disk fails commits whole and leaves the store readable', async (context) => {
  const dir = await smallDisk()
  if (dir === null) return context.skip('needs the right to mount a tmpfs')
  const state = await openState(dir)
  await state.commit(commitOf({ panes: [paneOf({ count: 1 })] }))
  const ballast = join(dir, 'ballast')
  const { bavail, bsize } = statfsSync(dir)
  writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 65_536)))

  const big = commitOf({
    panes: [paneOf({ count: 100 })],
    backlog: [eventOf({ text: 'x'.repeat(500_000) })],
  })
  await expect(state.commit(big)).rejects.toMatchObject({
    code: 'STORE_FULL',
    retryable: true,
    message: expect.stringContaining(dir) as string,
  })
  await expect(state.commit(big)).rejects.toMatchObject({ code: 'STORE_FULL' })
  expect(await state.panes({ from: 0, to: 1e9 })).toMatchObject([{ count: 1 }])
  expect(await state.backlog(1)).toEqual([])

  rmSync(ballast)
  await state.commit(big)
  expect(await state.panes({ from: 0, to: 1e9 })).toMatchObject([{ count: 101 }])
  expect(await state.info()).toMatchObject({ commits: 2, backlog: 1 })
  await state.close()
})

test('a store cannot be made on a full disk, and can once there is room', async (context) => {
  const dir = await smallDisk()
  if (dir === null) return context.skip('needs the right to mount a tmpfs')
  const ballast = join(dir, 'ballast')
  const { bavail, bsize } = statfsSync(dir)
  writeFileSync(ballast, Buffer.alloc(bavail * bsize - 8_192))
  await expect(openState(dir)).rejects.toMatchObject({ code: 'STORE_FULL' })
  rmSync(ballast)
  const state = await openState(dir)
  expect(await state.info()).toMatchObject({ commits: 0 })
  await state.close()
})

test('F35: a write that fails counts nothing, and later ones go on', async (context) => {
  const missing = spawnSync('prlimit', ['--version']).status !== 0
  context.skip(missing, 'needs prlimit to make writes fail')
  const dir = await temporaryDir()
  // Beyond the limit on file sizes write(2) gives EFBIG, which SQLite reports as an I/O error.
  const child = startChild(
    `
    import { openState } from ${built('store/sqlite')}
    import { createInterface } from 'node:readline'
    const state = await openState(${JSON.stringify(dir)})
    const text = 'x'.repeat(50_000)
    for await (const line of createInterface({ input: process.stdin })) {
      const commit = {
        ...${JSON.stringify(commitOf({}))},
        panes: [${JSON.stringify(paneOf({}))}],
        backlog: [{ ...${JSON.stringify(eventOf({}))}, id: line, text }],
      }
      await state.commit(commit).then(() => console.log('ok'), (error) => console.log(error.code))
    }`,
    ['prlimit', '--fsize=400000:unlimited'],
  )
  const commit = async (id: number) => {
    child.process.stdin.write(`${id}\n`)
    return child.line()
  }
  const said: string[] = []
  while (said.at(-1) !== 'STORE_UNWRITABLE' && said.length < 50) {
    said.push(await commit(said.length))
  }
  const done = said.length - 1
  expect(said.slice(0, done)).toEqual(said.slice(0, done).map(() => 'ok'))
  expect(done).toBeGreaterThan(0)
  expect(await commit(done)).toBe('STORE_UNWRITABLE')
  const limit = [`--pid=${child.process.pid}`, '--fsize=unlimited']
  expect(spawnSync('prlimit', limit).status).toBe(0)
  expect(await commit(done)).toBe('ok')
  await child.kill()
  const reader = await openStateReader(dir)
  expect(await reader.panes({ from: 0, to: 1e9 })).toMatchObject([{ count: done + 1 }])
  expect(await reader.info()).toMatchObject({ commits: done + 1, backlog: done + 1 })
  await reader.close()
})

test('F35: a failed sync is never answered as committed', async (context) => {
  const traced = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0
  context.skip(!traced, 'needs strace and the right to trace, to make syncs fail')
  const dir = await temporaryDir()
  const child = startChild(
    `
    import { openState } from ${built('store/sqlite')}
    const state = await openState(${JSON.stringify(dir)})
    const commit = { ...${JSON.stringify(commitOf({}))}, panes: [${JSON.stringify(paneOf({}))}] }
    const failed = []
    for (let done = 0; done < 40; ) {
      await state.commit(commit).then(() => done++, (error) => failed.push(error.code))
    }
    await state.close()
    console.log(JSON.stringify(failed))`,
    ['strace', '-f', '-o', '/dev/null', '-e', 'inject=fsync,fdatasync:error=EIO:when=25..27'],
  )
  const failed = ['STORE_UNWRITABLE', 'STORE_UNWRITABLE', 'STORE_UNWRITABLE']
  expect(JSON.parse(await child.line())).toEqual(failed)
  const reader = await openStateReader(dir)
  expect(await reader.panes({ from: 0, to: 1e9 })).toMatchObject([{ count: 40 }])
  await reader.close()
})

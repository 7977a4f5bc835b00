import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { prepareDataDir } from '../../src/store/data-dir.ts'
import { lockDataDir } from '../../src/store/lock.ts'
import { openState, openStateReader } from '../../src/store/sqlite.ts'
import { commitOf, paneOf } from '../contract/store-samples.ts'
import { built, startChild } from './child.ts'
import { temporaryDir } from './directories.ts'

const isRoot = process.geteuid?.() === 0

describe('the lock', () => {
  test('F05: refuses a second process while the first lives, and names both', async () => {
    const dir = await temporaryDir()
    const child = lockingChild(dir)
    expect(await child.line()).toBe('locked')
    await expect(lockDataDir(dir)).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      exitCode: 4,
      message: expect.stringMatching(
        `another lastpush \\(process ${child.process.pid}, since .*\\) works in ${dir}: stop it`,
      ) as string,
    })
    await child.kill()
    await (await lockDataDir(dir)).close()
  })

  test('leaves the store readable to other processes', async () => {
    const dir = await temporaryDir()
    const lock = await lockDataDir(dir)
    const state = await openState(dir)
    await state.commit(commitOf({ panes: [paneOf({ count: 4 })] }))
    const child = startChild(`
      import { openStateReader } from ${built('store/sqlite')}
      const reader = await openStateReader(${JSON.stringify(dir)})
      console.log(JSON.stringify(await reader.panes({ from: 0, to: 1e9 })))`)
    expect(JSON.parse(await child.line())).toMatchObject([{ count: 4 }])
    const reader = await openStateReader(dir)
    expect(await reader.info()).toMatchObject({ commits: 1 })
    await reader.close()
    await state.close()
    await lock.close()
  })

  test('F06: is free after SIGKILL, whatever its files say', async () => {
    const dir = await temporaryDir()
    const child = lockingChild(dir)
    await child.line()
    await child.kill()
    writeFileSync(join(dir, 'lock'), `${process.pid}\n`)
    writeFileSync(join(dir, 'lock.json'), `{"pid":${process.pid}}`)
    const lock = await lockDataDir(dir)
    await expect(lockDataDir(dir)).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    await lock.close()
  })

  test('is held to the end within one process, too, and may be closed twice', async () => {
    const dir = await temporaryDir()
    const lock = await lockDataDir(dir)
    await expect(lockDataDir(dir)).rejects.toMatchObject({ code: 'STORE_LOCKED' })
    expect(await secondProcess(dir)).toBe('STORE_LOCKED')
    await lock.close()
    await lock.close()
    expect(await secondProcess(dir)).toBe('locked')
  })
})

describe('S38: the data directory', () => {
  test('is made with mode 0700, parents too', async () => {
    const dir = join(await temporaryDir(), 'a', 'b')
    expect(await prepareDataDir(dir)).toBe(dir)
    expect(statSync(dir).mode & 0o777).toBe(0o700)
    expect(statSync(join(dir, '..')).mode & 0o777).toBe(0o700)
  })

  test.each(['0770', '0707', '0777', '1777', '0720'])(
    'is refused when others may write in it (mode %s)',
    async (mode) => {
      const dir = await temporaryDir()
      chmodSync(dir, Number.parseInt(mode, 8))
      for (const open of [lockDataDir, openState]) {
        await expect(open(dir)).rejects.toMatchObject({
          code: 'STORE_UNWRITABLE',
          message: expect.stringContaining(`chmod 0700 ${dir}`) as string,
        })
      }
      expect(readdirSync(dir)).toEqual([])
    },
  )

  test('is taken when others may only read it', async () => {
    const dir = await temporaryDir()
    chmodSync(dir, 0o755)
    expect(await prepareDataDir(dir)).toBe(dir)
  })

  test('is refused when it belongs to another user', async (context) => {
    context.skip(!isRoot, 'needs root to give a directory to another user')
    const dir = await temporaryDir()
    chownSync(dir, 65_534, 65_534)
    await expect(prepareDataDir(dir)).rejects.toMatchObject({
      code: 'STORE_UNWRITABLE',
      message: expect.stringContaining('belongs to user 65534') as string,
    })
  })

  test.each(['state.db', 'state.db-wal', 'events.db', 'lock', 'spool'])(
    'is refused when %s in it is a link',
    async (name) => {
      const dir = await temporaryDir()
      symlinkSync('/dev/null', join(dir, name))
      await expect(lockDataDir(dir)).rejects.toMatchObject({
        code: 'STORE_UNWRITABLE',
        message: expect.stringContaining(`${join(dir, name)} cannot keep the store`) as string,
      })
    },
  )

  test('is refused when it is a file', async () => {
    const path = join(await temporaryDir(), 'file')
    writeFileSync(path, '')
    await expect(prepareDataDir(path)).rejects.toMatchObject({ code: 'STORE_UNWRITABLE' })
    await expect(prepareDataDir(join(path, 'below'))).rejects.toMatchObject({
      code: 'STORE_UNWRITABLE',
    })
  })

  test('F40: is refused when it cannot be written', async (context) => {
    context.skip(!isRoot, 'needs root to become a lesser user')
    const base = await temporaryDir()
    const dir = join(base, 'data')
    mkdirSync(dir)
    chmodSync(base, 0o755)
    chownSync(dir, 65_534, 65_534)
    chmodSync(dir, 0o500)
    const script = `
      import { prepareDataDir } from ${built('store/data-dir')}
      await prepareDataDir(${JSON.stringify(dir)}).catch((error) => console.log(error.code))`
    const node = [process.execPath, '--input-type=module', '-e', script]
    const user = ['--reuid=65534', '--regid=65534', '--clear-groups']
    const { stdout, stderr } = spawnSync('setpriv', [...user, ...node], { encoding: 'utf8' })
    expect({ stdout, stderr }).toEqual({ stdout: 'STORE_UNWRITABLE\n', stderr: '' })
  })
})

function lockingChild(dir: string) {
  return startChild(`
    import { lockDataDir } from ${built('store/lock')}
    try {
      await lockDataDir(${JSON.stringify(dir)})
      console.log('locked')
      setInterval(() => {}, 1_000)
    } catch (error) {
      console.log(error.code)
    }`)
}

async function secondProcess(dir: string): Promise<string> {
  const child = lockingChild(dir)
  const said = await child.line()
  await child.kill()
  return said
}

test('a directory that cannot be made, as in /proc, is refused and not tried for ever', async () => {
  await expect(lockDataDir('/proc/lastpush/data')).rejects.toMatchObject({
    code: 'STORE_UNWRITABLE',
    message: expect.stringContaining('cannot keep the store: ENOENT') as string,
  })
})

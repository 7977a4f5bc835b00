import {
  appendFileSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { silentLog } from '../../src/flow/log.ts'
import type { Deploy } from '../../src/model/deploy.ts'
import { prepareDataDir } from '../../src/store/data-dir.ts'
import { appendToSpool, takeUpSpool } from '../../src/store/spool.ts'
import { deployOf } from '../contract/store-samples.ts'
import { temporaryDir } from './directories.ts'

async function taken(dir: string): Promise<string[]> {
  const ids: string[] = []
  const accept = async (deploys: readonly Deploy[]) => {
    ids.push(...deploys.map(({ id }) => id))
  }
  await takeUpSpool(dir, accept, silentLog)
  return ids
}

describe('the spool', () => {
  test('hands over what was appended, in order and once', async () => {
    const dir = await temporaryDir()
    const first = deployOf({ id: 'a', by: 'line\nbreak "quoted"', service: null })
    await appendToSpool(dir, first)
    await appendToSpool(dir, deployOf({ id: 'b' }))
    const handed: Deploy[] = []
    const found = await takeUpSpool(dir, async (deploys) => void handed.push(...deploys), silentLog)
    expect(handed).toEqual([first, deployOf({ id: 'b' })])
    expect(found).toEqual({ deploys: 2, rejected: 0 })
    expect(await taken(dir)).toEqual([])
    expect(readdirSync(join(dir, 'spool'))).toEqual([])
  })

  test('is empty where nothing was ever spooled', async () => {
    expect(await taken(join(await temporaryDir(), 'new'))).toEqual([])
  })

  test('lets only its owner read', async () => {
    const dir = await temporaryDir()
    await appendToSpool(dir, deployOf({}))
    expect(statSync(join(dir, 'spool')).mode & 0o777).toBe(0o700)
    expect(statSync(join(dir, 'spool', 'deploys.ndjson')).mode & 0o777).toBe(0o600)
  })

  test('keeps the deploys when they could not be committed', async () => {
    const dir = await temporaryDir()
    await appendToSpool(dir, deployOf({ id: 'a' }))
    const full = () => Promise.reject(new Error('disk full'))
    await expect(takeUpSpool(dir, full, silentLog)).rejects.toThrow('disk full')
    await appendToSpool(dir, deployOf({ id: 'b' }))
    expect(await taken(dir)).toEqual(['a', 'b'])
  })

  test('takes up what a crash left between the renaming and the commit', async () => {
    const dir = await temporaryDir()
    await appendToSpool(dir, deployOf({ id: 'a' }))
    const spool = join(dir, 'spool')
    renameSync(join(spool, 'deploys.ndjson'), join(spool, 'deploys.taken.ndjson'))
    await appendToSpool(dir, deployOf({ id: 'b' }))
    expect(await taken(dir)).toEqual(['a', 'b'])
  })

  test('keeps lines that are no deploy aside and says so', async () => {
    const dir = await temporaryDir()
    const path = join(dir, 'spool', 'deploys.ndjson')
    await appendToSpool(dir, deployOf({ id: 'a' }))
    const garbled = ['{"id":', '{"id":"x","sha":"; rm -rf /"}', 'null', '\u0000\ufffd']
    appendFileSync(path, `${garbled.join('\n')}\n\n`)
    await appendToSpool(dir, deployOf({ id: 'b' }))
    const said: object[] = []
    const log = { ...silentLog, warn: (facts: object) => void said.push(facts) }
    const ids: string[] = []
    const accept = async (deploys: readonly Deploy[]) => void ids.push(...deploys.map((d) => d.id))
    expect(await takeUpSpool(dir, accept, log)).toEqual({ deploys: 2, rejected: 4 })
    expect(ids).toEqual(['a', 'b'])
    const aside = join(dir, 'spool', 'deploys.rejected.ndjson')
    expect(readFileSync(aside, 'utf8')).toBe(`${garbled.join('\n')}\n`)
    expect(said).toEqual([{ file: aside, lines: 4 }])
  })

  test('starts a new line after one that a crash cut off', async () => {
    const dir = await temporaryDir()
    await appendToSpool(dir, deployOf({ id: 'a' }))
    appendFileSync(join(dir, 'spool', 'deploys.ndjson'), '{"id":"half')
    await appendToSpool(dir, deployOf({ id: 'b' }))
    expect(await taken(dir)).toEqual(['a', 'b'])
  })

  test('refuses a deploy that it could not hand over', async () => {
    const dir = await temporaryDir()
    await expect(appendToSpool(dir, deployOf({ sha: 'a b' }))).rejects.toMatchObject({
      code: 'DEPLOY_INVALID',
      message: expect.stringContaining('sha') as string,
    })
    expect(await taken(dir)).toEqual([])
  })

  test('refuses to grow without bound', async () => {
    const dir = await temporaryDir()
    await appendToSpool(dir, deployOf({}))
    const path = join(dir, 'spool', 'deploys.ndjson')
    writeFileSync(path, Buffer.alloc(16 * 1024 * 1024, '\n'))
    await expect(appendToSpool(dir, deployOf({}))).rejects.toMatchObject({ code: 'STORE_FULL' })
    expect(await taken(dir)).toEqual([])
    await appendToSpool(dir, deployOf({ id: 'a' }))
    expect(await taken(dir)).toEqual(['a'])
  })

  test('S38: follows no link', async () => {
    const dir = await temporaryDir()
    await prepareDataDir(join(dir, 'data'))
    await appendToSpool(join(dir, 'data'), deployOf({}))
    await taken(join(dir, 'data'))
    symlinkSync(join(dir, 'victim'), join(dir, 'data', 'spool', 'deploys.ndjson'))
    await expect(appendToSpool(join(dir, 'data'), deployOf({}))).rejects.toMatchObject({
      code: 'STORE_UNWRITABLE',
    })
    expect(existsSync(join(dir, 'victim'))).toBe(false)
  })
})

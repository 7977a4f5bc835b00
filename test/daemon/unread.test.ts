import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { UnreadLogs, usualLogs } from '../../src/daemon/unread.ts'
import { ManualClock } from '../../src/flow/time.ts'

/** 2026-03-01T12:00:00Z; files are given their times by hand. */
const nowMs = Date.UTC(2026, 2, 1, 12)
const old = new Date(nowMs - 3_600_000)
const recent = new Date(nowMs - 1_000)

describe('UnreadLogs', () => {
  let folder = ''
  let read: string[] = []
  let clock: ManualClock
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'lastpush-unread-')))
    read = []
    clock = new ManualClock(nowMs)
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const at = (name: string) => join(folder, name)
  function write(name: string, text: string, time: Date): string {
    mkdirSync(dirname(at(name)), { recursive: true })
    appendFileSync(at(name), text)
    utimesSync(at(name), time, time)
    return at(name)
  }
  const over = (places: readonly string[], sourcePaths: readonly string[] = []) =>
    new UnreadLogs({ places, sourcePaths, read: () => read, clock })

  test('names a file that was written to lately, with its size', async () => {
    const path = write('api.log', 'one line\n', recent)
    write('old.log', 'one line\n', old)
    write('empty.log', '', recent)
    const unread = over([folder])
    expect(unread.found).toEqual([])
    await unread.look()
    expect(unread.found).toEqual([{ path, bytes: 9, grewBytes: null }])
  })

  test('names a file that grew between two looks, whatever its time says', async () => {
    const path = write('api.log', 'one line\n', old)
    const unread = over([folder])
    await unread.look()
    expect(unread.found).toEqual([])
    write('api.log', 'two\n', old)
    await unread.look()
    expect(unread.found).toEqual([{ path, bytes: 13, grewBytes: 4 }])
    await unread.look()
    expect(unread.found).toEqual([])
  })

  test('takes a new file under an old name for a new file', async () => {
    const path = write('api.log', 'one line\n', old)
    const unread = over([folder])
    await unread.look()
    renameSync(path, `${path}.1`)
    write('api.log', 'a longer first line\n', recent)
    await unread.look()
    expect(unread.found).toEqual([{ path, bytes: 20, grewBytes: null }])
  })

  test('leaves out what is read, under any name', async () => {
    write('access.log', 'x\n', recent)
    linkSync(at('access.log'), at('linked.log'))
    symlinkSync(at('access.log'), at('symbolic.log'))
    const other = write('error.log', 'x\n', recent)
    read = [at('symbolic.log'), 'topic/0']
    const unread = over([folder])
    await unread.look()
    expect(unread.found.map(({ path }) => path)).toEqual([other])
    read = [other]
    expect(unread.found).toEqual([])
  })

  test.each([
    ['api.log', true],
    ['error_log', true],
    ['access_log', true],
    ['ssl_error_log', true],
    ['php8.2-fpm.log', true],
    ['access.log.1', false],
    ['access.log.2.gz', false],
    ['error_log-20261101', false],
    ['catalog', false],
    ['notes.txt', false],
  ])('takes %s for a log: %s', async (name, isLog) => {
    write(name, 'x\n', recent)
    const unread = over([folder])
    await unread.look()
    expect(unread.found).toHaveLength(isLog ? 1 : 0)
  })

  test('looks two folders deep, and in the folder of a source only there', async () => {
    write('a.log', 'x\n', recent)
    write('site/b.log', 'x\n', recent)
    write('site/www/c.log', 'x\n', recent)
    write('site/www/deep/d.log', 'x\n', recent)
    const names = async (unread: UnreadLogs) => {
      await unread.look()
      return unread.found.map(({ path }) => path.slice(folder.length + 1))
    }
    expect(await names(over([folder]))).toEqual(['a.log', 'site/b.log', 'site/www/c.log'])
    expect(await names(over([join(folder, '{a.log,none}')]))).toEqual(['a.log'])
    expect(await names(over([], [at('access.log'), at('*.txt')]))).toEqual(['a.log'])
    expect(await names(over([], [at('site/*/access.log')]))).toEqual(['site/b.log'])
  })

  test('follows no link below its folders, and no special file', async () => {
    write('elsewhere/secret.log', 'x\n', recent)
    mkdirSync(at('logs'))
    symlinkSync(at('elsewhere'), at('logs/away'))
    symlinkSync(at('logs'), at('logs/loop'))
    symlinkSync(at('elsewhere/secret.log'), at('logs/away.log'))
    symlinkSync('/dev/stdout', at('logs/access.log'))
    symlinkSync(at('nowhere'), at('logs/gone.log'))
    const unread = over([at('logs'), at('none')])
    await unread.look()
    expect(unread.found).toEqual([])
    symlinkSync(at('elsewhere'), at('given'))
    const linked = over([at('given')])
    await linked.look()
    expect(linked.found.map(({ path }) => path)).toEqual([at('given/secret.log')])
  })

  test('passes over a folder that it may not list', async (context) => {
    context.skip(process.getuid?.() === 0, 'root may list every folder')
    write('closed/a.log', 'x\n', recent)
    const path = write('b.log', 'x\n', recent)
    chmodSync(at('closed'), 0)
    const unread = over([folder])
    await unread.look()
    chmodSync(at('closed'), 0o700)
    expect(unread.found.map((each) => each.path)).toEqual([path])
  })

  test('tells of a hundred files at most, and looks at five thousand names', async () => {
    for (let n = 0; n < 120; n += 1) write(`many/${String(n).padStart(3, '0')}.log`, 'x\n', recent)
    const unread = over([at('many')])
    await unread.look()
    expect(unread.found).toHaveLength(100)
    expect(unread.found[99]?.path).toBe(at('many/099.log'))
    for (let n = 0; n < 5_050; n += 1) writeFileSync(at(`many/${n}.txt`), '')
    write('z/last.log', 'x\n', recent)
    const tired = over([at('many'), at('z')])
    await tired.look()
    expect(tired.found.map(({ path }) => path)).not.toContain(at('z/last.log'))
  })

  test('stops a look that takes too long', async () => {
    write('a.log', 'x\n', recent)
    let readings = 0
    const slow = {
      now: () => nowMs,
      monotonic: () => (readings++ === 0 ? 0 : 1_001),
      sleep: async () => {},
    } as unknown as ManualClock
    const unread = new UnreadLogs({
      places: [folder],
      sourcePaths: [],
      read: () => [],
      clock: slow,
    })
    await unread.look()
    expect(unread.found).toEqual([])
  })

  test('looks once a minute until it is told to stop', async () => {
    const unread = over([folder])
    const stop = new AbortController()
    const running = unread.run(stop.signal)
    const path = write('api.log', 'x\n', recent)
    await expect.poll(() => (clock.advance(60_000), unread.found.length)).toBe(1)
    expect(unread.found[0]).toMatchObject({ path })
    stop.abort()
    await running
  })

  test('the usual places are those of nginx, Apache and PHP', () => {
    expect(usualLogs).toEqual(['/var/log/nginx', '/var/log/apache2', '/var/log/httpd', '/var/log/php*']) // prettier-ignore
  })
})

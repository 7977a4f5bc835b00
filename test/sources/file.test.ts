import { execFileSync } from 'node:child_process'
import { linkSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { file } from '../../src/sources/file.ts'
import { describeSource, SourceRecorder, until } from '../contract/source.ts'
import { LogDir } from './log-dir.ts'

const nothing = new Map<string, never>()

describe('file', () => {
  describeSource(async () => {
    const logs = new LogDir()
    logs.append('app.log', '')
    return {
      create: () => logs.source(['app.log']),
      append: async (text) => logs.append('app.log', text),
    }
  })

  test('begins at the end of files that are there, and at the beginning of later ones', async () => {
    const logs = new LogDir()
    logs.append('old.log', 'before\n')
    const recorder = new SourceRecorder().start(logs.source(['*.log'], { from: 'end' }))
    await until(() => recorder.open.size === 1)
    logs.append('new.log', 'late file\n')
    logs.append('old.log', 'after\n')
    await recorder.expectLines(['late file', 'after'])
    expect(recorder.batches.find(({ bytes }) => bytes.toString() === 'after\n')?.start).toBe(7)
  })

  test('reads a line whole that was unfinished when it began at the end', async () => {
    const logs = new LogDir()
    logs.append('app.log', 'before\nunfin')
    const recorder = new SourceRecorder().start(logs.source(['app.log'], { from: 'end' }))
    await until(() => recorder.batches.length > 0)
    logs.append('app.log', 'ished\n')
    await recorder.expectLines(['unfinished'])
  })

  test('commits its first place, so that lines written while it is stopped are read', async () => {
    const logs = new LogDir()
    logs.append('app.log', 'before\n')
    const first = new SourceRecorder().start(logs.source(['app.log'], { from: 'end' }))
    await until(() => first.checkpoints.size === 1)
    await first.stop()
    logs.append('app.log', 'meanwhile\n')
    logs.append('fresh.log', 'created meanwhile\n')
    const again = logs.source(['app.log', 'fresh.log'], { from: 'end' })
    const second = new SourceRecorder(first.checkpoints).start(again)
    await second.expectLines(['meanwhile', 'created meanwhile'])
  })

  test('reads once to the present end, the unterminated last line in a final batch', async () => {
    const logs = new LogDir()
    logs.append('a.log', 'one\ntwo')
    logs.append('b.log', 'three\n')
    const recorder = new SourceRecorder(nothing, true)
    recorder.start(logs.source(['*.log'], { from: 'end' }))
    await recorder.ended()
    expect(recorder.lines(logs.path('a.log'))).toEqual(['one', 'two'])
    expect(recorder.lines(logs.path('b.log'))).toEqual(['three'])
    expect(recorder.batches.map(({ final }) => final).sort()).toEqual([false, false, true])
    expect(recorder.everOpened.size).toBe(2)
    expect(recorder.open.size).toBe(0)
  })

  test('takes CRLF, NUL and invalid UTF-8 as content and drops a byte order mark', async () => {
    const logs = new LogDir()
    logs.append('app.log', Buffer.from('\xef\xbb\xbfa\r\nb\x00c\n\xff\xfe\xe2\x80\xa8\n', 'latin1'))
    const recorder = new SourceRecorder().start(logs.source(['app.log']))
    await recorder.expectLines(['a\r', 'b\x00c', '\xff\xfe\xe2\x80\xa8'])
    expect(recorder.filled[0]?.start).toBe(3)
    expect(recorder.warnings).toEqual(['the file holds NUL bytes; it may not be a text log'])
  })

  test('says that nothing matches a glob until something does', async () => {
    const logs = new LogDir()
    const recorder = new SourceRecorder().start(logs.source(['*.log', 'plain']))
    await until(() => recorder.faults.size === 2)
    expect([...recorder.faults]).toEqual([
      [logs.path('*.log'), 'no file matches'],
      [logs.path('plain'), 'no file matches'],
    ])
    logs.append('a.log', 'one\n')
    logs.append('plain', 'two\n')
    await recorder.expectLines(['one', 'two'])
    expect([...recorder.faults]).toEqual([])
    expect(recorder.warnings).toEqual(['no file matches', 'no file matches'])
  })

  test('names what is no plain log file, and reads the rest', async () => {
    const logs = new LogDir()
    logs.append('a.log', 'one\n')
    logs.append('b.log.gz', 'x')
    mkdirSync(logs.path('dir.log'))
    execFileSync('mkfifo', [logs.path('fifo.log')])
    symlinkSync('/dev/zero', logs.path('zero.log'))
    const recorder = new SourceRecorder().start(logs.source(['*.log', '*.gz']))
    await recorder.expectLines(['one'])
    await until(() => recorder.faults.size === 4)
    expect(Object.fromEntries(recorder.faults)).toEqual({
      [logs.path('b.log.gz')]: 'is compressed; only plain files are read',
      [logs.path('dir.log')]: 'is a directory; name a glob such as DIR/*.log',
      [logs.path('fifo.log')]: 'is a FIFO; pipe it into standard input instead',
      [logs.path('zero.log')]: 'is a device',
    })
    logs.append('a.log', 'two\n')
    await recorder.expectLines(['one', 'two'])
    expect(recorder.warnings).toHaveLength(4)
  })

  test('ends a one-pass read that meets a FIFO', async () => {
    const logs = new LogDir()
    execFileSync('mkfifo', [logs.path('fifo.log')])
    const recorder = new SourceRecorder(nothing, true).start(logs.source(['fifo.log']))
    await recorder.ended()
    expect([...recorder.faults.keys()]).toEqual([logs.path('fifo.log')])
  })

  test('reads an unreadable file once it has become readable', async () => {
    const logs = new LogDir()
    logs.append('good.log', 'one\n')
    logs.append('parent', 'a file where a directory belongs\n')
    const recorder = new SourceRecorder().start(logs.source(['parent/app.log', 'good.log']))
    await recorder.expectLines(['one'])
    await until(() => recorder.faults.size === 1)
    expect(recorder.faults.get(logs.path('parent/app.log'))).toMatch(/^cannot read: ENOTDIR/)
    rmSync(logs.path('parent'))
    mkdirSync(logs.path('parent'))
    logs.append('parent/app.log', 'two\n')
    await recorder.expectLines(['one', 'two'])
    await until(() => recorder.faults.size === 0)
    logs.append('good.log', 'three\n')
    await recorder.expectLines(['one', 'two', 'three'])
  })

  test('says that a link leads in a circle and goes on with the others', async () => {
    const logs = new LogDir()
    symlinkSync('loop.log', logs.path('loop.log'))
    logs.append('a.log', 'one\n')
    const recorder = new SourceRecorder().start(logs.source(['*.log']))
    await recorder.expectLines(['one'])
    await until(() => recorder.faults.size === 1)
    expect(recorder.faults.get(logs.path('loop.log'))).toMatch(/^cannot read: ELOOP/)
  })

  test('counts a file once that has two links, two globs and a symbolic link', async () => {
    const logs = new LogDir()
    logs.append('a.log', 'one\n')
    linkSync(logs.path('a.log'), logs.path('b.log'))
    symlinkSync('a.log', logs.path('c.log'))
    const recorder = new SourceRecorder().start(logs.source(['*.log', 'a.*', 'b.log']))
    await recorder.expectLines(['one'])
    logs.append('b.log', 'two\n')
    await recorder.expectLines(['one', 'two'])
    expect([...recorder.everOpened]).toEqual([logs.path('a.log')])
  })

  test('counts two files with the same content twice', async () => {
    const logs = new LogDir()
    for (const name of ['messages', 'syslog']) logs.append(name, `${'x'.repeat(1_100)}\n`)
    const recorder = new SourceRecorder().start(logs.source(['messages', 'syslog']))
    await recorder.expectLines([`${'x'.repeat(1_100)}`, `${'x'.repeat(1_100)}`])
  })

  test('follows 500 files with far fewer descriptors', async () => {
    const logs = new LogDir()
    const names = Array.from({ length: 500 }, (_, i) => `${i}.log`)
    for (const name of names) logs.append(name, `first ${name}\npart`)
    const openBefore = openFiles(logs.dir)
    const recorder = new SourceRecorder().start(logs.source(['*.log'], { filesMax: 20 }))
    await recorder.expectLines(names.map((name) => `first ${name}`))
    expect(openFiles(logs.dir) - openBefore).toBeLessThanOrEqual(20)
    for (const name of names) logs.append(name, `ial ${name}\n`)
    await recorder.expectLines(names.flatMap((name) => [`first ${name}`, `partial ${name}`]))
    expect(openFiles(logs.dir) - openBefore).toBeLessThanOrEqual(20)
    await recorder.stop()
    expect(openFiles(logs.dir)).toBe(openBefore)
  })

  test('reads 500 files in one pass while the pipeline holds most of them back', async () => {
    const logs = new LogDir()
    const names = Array.from({ length: 500 }, (_, i) => `${i}.log`)
    for (const name of names) logs.append(name, `${name}\nend`)
    const recorder = new SourceRecorder(nothing, true)
    let release = () => {}
    recorder.gate = new Promise((resolve) => (release = resolve))
    recorder.start(logs.source(['*.log'], { filesMax: 20 }))
    // All must come to their first batch, as a merge by time lets none go before it has seen each.
    await until(() => recorder.batches.length === 500)
    release()
    await recorder.ended()
    await recorder.expectLines(names.flatMap((name) => [name, 'end']))
  })

  test('cuts a 64 MiB line, skips the rest in bounded memory, and goes on behind it', async () => {
    const logs = new LogDir()
    const chunk = Buffer.alloc(1_048_576, 'x')
    logs.append('app.log', 'before\n')
    for (let i = 0; i < 64; i++) logs.append('app.log', chunk)
    logs.append('app.log', '\nafter\n')
    const before = process.memoryUsage.rss()
    const recorder = new SourceRecorder().start(logs.source(['app.log']))
    await until(() => recorder.filled.length === 3)
    expect(process.memoryUsage.rss() - before).toBeLessThan(48 * 1_048_576)
    const shown = recorder.filled.map(({ bytes, start, skippedBytes }) => [
      bytes.length,
      start,
      skippedBytes,
    ])
    expect(shown).toEqual([
      [7, 0, 0],
      [1_048_577, 7, 63 * 1_048_576],
      [6, 7 + 64 * 1_048_576 + 1, 0],
    ])
  })

  test('has batches of at most 512 KiB of ordinary lines', async () => {
    const logs = new LogDir()
    logs.append('app.log', `${'y'.repeat(99)}\n`.repeat(20_000))
    const recorder = new SourceRecorder(nothing, true).start(logs.source(['app.log']))
    await recorder.ended()
    expect(recorder.lines()).toHaveLength(20_000)
    const largest = Math.max(...recorder.batches.map(({ bytes }) => bytes.length))
    expect(largest).toBeGreaterThan(400_000)
    expect(largest).toBeLessThanOrEqual(524_288)
  })

  test('starts a path anew whose checkpoint it does not understand', async () => {
    const logs = new LogDir()
    logs.append('app.log', 'one\n')
    const checkpoints = new Map([[logs.path('app.log'), { topic: 'x' }]])
    const recorder = new SourceRecorder(checkpoints).start(logs.source(['app.log']))
    await recorder.expectLines(['one'])
    expect(recorder.warnings).toEqual(['the checkpoint is not understood'])
  })

  test('ends with the error of a pipeline that refuses a batch', async () => {
    const logs = new LogDir()
    logs.append('app.log', 'one\n')
    const recorder = new SourceRecorder()
    recorder.emit = () => Promise.reject(new Error('refused'))
    recorder.start(logs.source(['app.log']))
    await expect(recorder.ended()).rejects.toThrow('refused')
  })

  test('asks for at least one path and takes the end as default', () => {
    expect(file.options.safeParse({ paths: [] }).success).toBe(false)
    expect(file.options.parse({ paths: ['a'] })).toEqual({ paths: ['a'], from: 'end' })
  })
})

/** Descriptors of this process into a directory. */
function openFiles(dir: string): number {
  const links = readdirSync('/proc/self/fd').map((fd) => linkOf(`/proc/self/fd/${fd}`))
  return links.filter((link) => link.startsWith(dir)).length
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

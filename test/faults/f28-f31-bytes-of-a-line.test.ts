/** F28 to F31: lines that are too long, runs of NUL, bytes that look like line ends and are none, and
 *  characters that are cut wherever a write ends. */
import { appendFileSync, closeSync, openSync, truncateSync, writeSync } from 'node:fs'
import { expect, test } from 'vitest'
import { SourceRecorder, until } from '../contract/source.ts'
import { LogDir } from '../sources/log-dir.ts'
import { full } from './daemon.ts'

const mib = 2 ** 20

test(
  'F28: a line of 64 MiB is one line, cut, in bounded memory, and the next one is whole',
  { timeout: 300_000 },
  async () => {
    const logs = new LogDir()
    const size = full ? 1_024 : 64
    const file = openSync(logs.path('app.log'), 'w')
    const part = Buffer.alloc(mib, 'a')
    for (let written = 0; written < size; written++) writeSync(file, part)
    writeSync(file, '\nnext\n')
    closeSync(file)
    const before = process.memoryUsage().rss
    const recorder = new SourceRecorder().start(logs.source(['app.log']))
    await until(() => recorder.filled.length === 2, undefined, 240_000)
    expect(process.memoryUsage().rss - before).toBeLessThan(256 * mib)
    const read = recorder.filled.map(({ bytes, start, skippedBytes }) => [
      bytes.length,
      start,
      skippedBytes,
    ])
    expect(read).toEqual([
      [mib + 1, 0, (size - 1) * mib],
      [5, size * mib + 1, 0],
    ])
  },
)

test('F29: a run of NUL, as a stale writer leaves it, is part of one line', async () => {
  const logs = new LogDir()
  const size = (full ? 1_024 : 64) * mib
  logs.append('app.log', 'first\n')
  truncateSync(logs.path('app.log'), size)
  logs.append('app.log', 'behind it\nlast\n')
  const recorder = new SourceRecorder().start(logs.source(['app.log']))
  await until(() => recorder.lines().includes('last'), undefined, 60_000)
  expect(recorder.lines().map((line) => line.length)).toEqual([5, mib, 4])
  expect(recorder.filled.at(-1)?.start).toBe(size + 'behind it\n'.length)
}, 120_000)

test('F30: LF alone ends a line, whatever else stands in it', async () => {
  const logs = new LogDir()
  const lines = ['crlf\r', 'lone\rcr', 'line\u2028separator', '\u0085\u000b\u000c', '\ufeffmark']
  logs.append('app.log', `\ufeff${lines.join('\n')}\n`)
  logs.append('bad.log', Buffer.from('\xc3\x28\xff\xfe\n\x80\n', 'latin1'))
  const recorder = new SourceRecorder().start(logs.source(['*.log']))
  const asBytes = lines.map((line) => Buffer.from(line).toString('latin1'))
  await recorder.expectLines([...asBytes, '\xc3\x28\xff\xfe', '\x80'])
  expect(recorder.lines(logs.path('app.log'))).toEqual(asBytes)
})

test('F30: UTF-16 in either order is cut at its own newlines', async () => {
  const logs = new LogDir()
  const text = Buffer.from('\ufeff\u0a0a\nzwei\r\n', 'utf16le')
  logs.append('little.log', text)
  logs.append('big.log', Buffer.from(text).swap16())
  const recorder = new SourceRecorder()
  recorder.start(logs.source(['*.log'], { encoding: 'utf-16' }))
  const lines = ['\u0a0a', 'zwei\r'].map((line) => Buffer.from(line).toString('latin1'))
  await recorder.expectLines([...lines, ...lines])
})

test.each(['utf-8', 'utf-16le'] as const)(
  'F31: %s written by 1, 3, 7 and 11 bytes loses no character',
  async (encoding) => {
    const logs = new LogDir()
    const text = 'größe €5 😀 \u0a0a\n'.repeat(full ? 1_000 : 12)
    const bytes = Buffer.from(text, encoding === 'utf-8' ? 'utf8' : 'utf16le')
    const sizes = [1, 3, 7, 11]
    for (const size of sizes) logs.append(`${size}.log`, '')
    const recorder = new SourceRecorder().start(logs.source(['*.log'], { encoding }))
    await until(() => recorder.open.size === sizes.length)
    for (const size of sizes) {
      for (let at = 0; at < bytes.length; at += size) {
        appendFileSync(logs.path(`${size}.log`), bytes.subarray(at, at + size))
        await new Promise(setImmediate)
      }
    }
    await until(() => recorder.lines().length === sizes.length * (text.split('\n').length - 1))
    for (const size of sizes) {
      const own = recorder.batches.filter(({ partition }) => partition === logs.path(`${size}.log`))
      expect(Buffer.concat(own.map((batch) => batch.bytes)).toString()).toBe(text)
    }
  },
)

import {
  copyFileSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { describe, expect, test } from 'vitest'
import { SourceRecorder, until } from '../contract/source.ts'
import { LogDir } from './log-dir.ts'

/** More than the kibibyte from which equal content is evidence. */
const history = Array.from({ length: 100 }, (_, i) => `an old line of the log, number ${i}`)
const historyText = history.map((line) => `${line}\n`).join('')

/** Runs a source over app.log until it has taken these lines, then stops it as a crash would. */
async function runUntil(logs: LogDir, lines: readonly string[], patterns = ['app.log']) {
  const recorder = new SourceRecorder().start(logs.source(patterns))
  await recorder.expectLines(lines)
  await recorder.stop()
  return recorder
}

describe('rotation by rename', () => {
  test('drains the old file, also of late lines, before the new one', async () => {
    const logs = new LogDir()
    logs.append('app.log', 'one\n')
    const recorder = new SourceRecorder().start(logs.source(['app.log']))
    await recorder.expectLines(['one'])
    logs.append('app.log', 'two\n')
    logs.rename('app.log', 'app.log.1')
    logs.append('app.log', 'four\n')
    logs.append('app.log.1', 'three\n')
    await recorder.expectLines(['one', 'two', 'three', 'four'])
    expect(recorder.lines()).toEqual(['one', 'two', 'three', 'four'])
    expect(recorder.batches.at(-1)?.start).toBe(14)
    expect([...recorder.everOpened]).toEqual([logs.path('app.log')])
  })

  test('counts the unterminated last line of the old file once', async () => {
    const logs = new LogDir()
    logs.append('app.log', 'one\npart')
    const recorder = new SourceRecorder().start(logs.source(['app.log']))
    await recorder.expectLines(['one'])
    logs.rename('app.log', 'app.log.1')
    logs.append('app.log', 'two\n')
    await recorder.expectLines(['one', 'part', 'two'])
    // The newline that was added takes a position of its own.
    expect(recorder.filled.map(({ start }) => start)).toEqual([0, 4, 9])
    expect(recorder.filled.every(({ final }) => !final)).toBe(true)
  })

  test('takes a newline that arrives in the renamed file', async () => {
    const logs = new LogDir()
    logs.append('app.log', 'part')
    const recorder = new SourceRecorder().start(logs.source(['app.log']))
    await until(() => recorder.open.size === 1)
    logs.rename('app.log', 'app.log.1')
    logs.append('app.log', 'two\n')
    logs.append('app.log.1', 'ial\n')
    await recorder.expectLines(['partial', 'two'])
  })

  test('counts once when the glob matches the rotated names too', async () => {
    const logs = new LogDir()
    logs.append('app.log', 'one\n')
    const recorder = new SourceRecorder().start(logs.source(['app.log*']))
    await recorder.expectLines(['one'])
    for (const line of ['two', 'three', 'four']) {
      if (line !== 'two') logs.rename('app.log.1', 'app.log.2')
      logs.rename('app.log', 'app.log.1')
      logs.append('app.log', `${line}\n`)
      await until(() => recorder.lines().includes(line))
    }
    await recorder.expectLines(['one', 'two', 'three', 'four'])
    await recorder.stop()
    // After a restart the rotated files have no checkpoint of their own.
    logs.append('app.log', 'five\n')
    const second = new SourceRecorder(recorder.checkpoints).start(logs.source(['app.log*']))
    await second.expectLines(['five'])
  })

  test('reads what comes to a rotated file after its wait, if the glob matches it', async () => {
    const logs = new LogDir()
    logs.append('app.log', 'one\n')
    const recorder = new SourceRecorder().start(logs.source(['app.log*']))
    await recorder.expectLines(['one'])
    logs.rename('app.log', 'app.log.1')
    await until(() => recorder.open.size === 0)
    logs.append('app.log.1', 'late\n')
    await recorder.expectLines(['one', 'late'])
    expect(recorder.batches.at(-1)?.start).toBe(4)
  })

  test('reads all files of five rotations between two looks', async () => {
    const logs = new LogDir()
    logs.append('app.log', 'one\n')
    const recorder = new SourceRecorder().start(logs.source(['app.log']))
    await recorder.expectLines(['one'])
    const lines = ['one']
    for (let i = 0; i < 5; i++) {
      for (let n = i; n > 0; n--) logs.rename(`app.log.${n}`, `app.log.${n + 1}`)
      logs.rename('app.log', 'app.log.1')
      logs.append('app.log', `rotation ${i}\n`)
      lines.push(`rotation ${i}`)
    }
    await recorder.expectLines(lines)
    expect(recorder.lines()).toEqual(lines)
  })

  test('reads a chain of rotations that happened while it was stopped', async () => {
    const logs = new LogDir()
    logs.append('app.log', 'one\n')
    const first = await runUntil(logs, ['one'])
    logs.append('app.log', 'two\n')
    logs.rename('app.log', 'app.log-20261101')
    logs.append('app.log', 'three\nunfinished')
    logs.rename('app.log', 'app.log-20261102')
    logs.append('app.log', 'four\n')
    const second = new SourceRecorder(first.checkpoints).start(logs.source(['app.log']))
    await second.expectLines(['two', 'three', 'unfinished', 'four'])
    expect(second.lines()).toEqual(['two', 'three', 'unfinished', 'four'])
    await second.stop()
    logs.append('app.log', 'five\n')
    const third = new SourceRecorder(second.checkpoints).start(logs.source(['app.log']))
    await third.expectLines(['five'])
  })

  test('reads the rest of a file that was renamed and has no successor yet', async () => {
    const logs = new LogDir()
    logs.append('app.log', 'one\n')
    const first = await runUntil(logs, ['one'], ['*.log'])
    logs.append('app.log', 'two\n')
    logs.rename('app.log', 'moved-away')
    const second = new SourceRecorder(first.checkpoints).start(logs.source(['*.log']))
    await second.expectLines(['two'])
    await until(() => second.open.size === 0)
    logs.append('app.log', 'three\n')
    await second.expectLines(['two', 'three'])
  })

  test('leaves older rotations and copies of the file alone', async () => {
    const logs = new LogDir()
    logs.append('app.log.2', 'ancient\n')
    await logs.nextTick()
    logs.append('app.log', historyText)
    const first = await runUntil(logs, history)
    copyFileSync(logs.path('app.log'), logs.path('app.log.1'))
    logs.append('app.log', 'rest\n')
    logs.rename('app.log', 'elsewhere')
    logs.append('app.log', 'new\n')
    const second = new SourceRecorder(first.checkpoints).start(logs.source(['app.log']))
    await second.expectLines(['rest', 'new'])
  })

  test('follows a symbolic link to its new target', async () => {
    const logs = new LogDir()
    logs.append('a', 'one\n')
    symlinkSync('a', logs.path('current.log'))
    const recorder = new SourceRecorder().start(logs.source(['*.log']))
    await recorder.expectLines(['one'])
    logs.append('a', 'two\n')
    logs.append('b', 'three\n')
    symlinkSync('b', logs.path('link'))
    renameSync(logs.path('link'), logs.path('current.log'))
    await recorder.expectLines(['one', 'two', 'three'])
  })
})

describe('deletion', () => {
  test('drains a deleted file, closes, and begins a new one at the same path', async () => {
    const logs = new LogDir()
    logs.append('app.log', 'one\n')
    const recorder = new SourceRecorder().start(logs.source(['app.log']))
    await recorder.expectLines(['one'])
    logs.append('app.log', 'two\nunfinished')
    logs.remove('app.log')
    await recorder.expectLines(['one', 'two', 'unfinished'])
    await until(() => recorder.open.size === 0)
    await until(() => recorder.faults.get(logs.path('app.log')) === 'no file matches')
    logs.append('app.log', 'three\n')
    await recorder.expectLines(['one', 'two', 'unfinished', 'three'])
    expect(recorder.batches.at(-1)?.start).toBe(19)
    await until(() => recorder.faults.size === 0)
  })

  test('takes a new file with the inode of the deleted one for new', async () => {
    const logs = new LogDir()
    logs.append('app.log', 'one\n')
    const first = await runUntil(logs, ['one'])
    logs.remove('app.log')
    logs.append('app.log', 'two\nthree\n')
    const second = new SourceRecorder(first.checkpoints).start(logs.source(['app.log']))
    await second.expectLines(['two', 'three'])
    expect(second.batches[0]?.start).toBe(4)
  })

  test('says that a file went away unseen, and names its archive', async () => {
    const logs = new LogDir()
    logs.append('app.log', 'one\n')
    const first = await runUntil(logs, ['one'])
    logs.append('app.log.1.gz', 'compressed')
    logs.remove('app.log')
    logs.append('app.log', 'two\n')
    const second = new SourceRecorder(first.checkpoints)
    const archives: unknown[] = []
    second.log.warn = (facts) => void archives.push((facts as { archive?: unknown }).archive)
    second.start(logs.source(['app.log']))
    await second.expectLines(['two'])
    expect(archives).toEqual(['app.log.1.gz'])
  })

  test('does not count a copy that takes the place of its original', async () => {
    const logs = new LogDir()
    logs.append('app.log', historyText)
    const recorder = new SourceRecorder().start(logs.source(['app.log']))
    await recorder.expectLines(history)
    copyFileSync(logs.path('app.log'), logs.path('restored'))
    renameSync(logs.path('restored'), logs.path('app.log'))
    logs.append('app.log', 'new\n')
    await recorder.expectLines([...history, 'new'])
  })
})

describe('truncation', () => {
  test('reads the new content from its beginning, at positions that go on', async () => {
    const logs = new LogDir()
    logs.append('app.log', 'one\ntwo\n')
    const recorder = new SourceRecorder().start(logs.source(['app.log']))
    await recorder.expectLines(['one', 'two'])
    logs.truncate('app.log')
    logs.append('app.log', 'x\n')
    await recorder.expectLines(['one', 'two', 'x'])
    expect(recorder.batches.at(-1)?.start).toBe(8)
  })

  test.each([
    ['less than before', 'x\n'],
    ['exactly as much', 'six\nten\n'],
    ['more than before', 'three\nfour\nfive\n'],
  ])('is seen when the file has grown to %s', async (_name, text) => {
    const logs = new LogDir()
    logs.append('app.log', 'one\ntwo\n')
    const recorder = new SourceRecorder().start(logs.source(['app.log']))
    await recorder.expectLines(['one', 'two'])
    // One system call after the other, faster than any look.
    writeFileSync(logs.path('app.log'), text)
    await recorder.expectLines(['one', 'two', ...text.trim().split('\n')])
  })

  test('is seen over a restart, whatever the file has grown to', async () => {
    for (const text of ['x\n', 'six\nten\n', 'three\nfour\nfive\n']) {
      const logs = new LogDir()
      logs.append('app.log', 'one\ntwo\n')
      const first = await runUntil(logs, ['one', 'two'])
      writeFileSync(logs.path('app.log'), text)
      const second = new SourceRecorder(first.checkpoints).start(logs.source(['app.log']))
      await second.expectLines(text.trim().split('\n'))
      expect(second.batches[0]?.start).toBe(8)
    }
  })

  test('forgets an unfinished line that was truncated away', async () => {
    const logs = new LogDir()
    logs.append('app.log', 'one\nunfinished')
    const recorder = new SourceRecorder().start(logs.source(['app.log']))
    await recorder.expectLines(['one'])
    writeFileSync(logs.path('app.log'), 'something\nelse\n')
    await recorder.expectLines(['one', 'something', 'else'])
  })

  test('of the last lines only does not count the file again', async () => {
    const logs = new LogDir()
    logs.append('app.log', historyText)
    const recorder = new SourceRecorder().start(logs.source(['app.log']))
    await recorder.expectLines(history)
    logs.append('app.log', 'mistake\n')
    await recorder.expectLines([...history, 'mistake'])
    logs.truncate('app.log', historyText.length)
    await until(() => recorder.warnings.length === 1)
    logs.append('app.log', 'new\n')
    await recorder.expectLines([...history, 'mistake', 'new'])
    expect(recorder.warnings).toEqual([
      'the end of the file was cut off; reading on at its new end',
    ])
    expect(readFileSync(logs.path('app.log'), 'utf8')).toBe(`${historyText}new\n`)
  })

  test('counts equal first kibibytes of two generations', async () => {
    const logs = new LogDir()
    const header = `${'#'.repeat(1_500)}\n`
    logs.append('app.log', `${header}one\ntwo\nthree\n`)
    const recorder = new SourceRecorder().start(logs.source(['app.log']))
    await recorder.expectLines([header.trim(), 'one', 'two', 'three'])
    writeFileSync(logs.path('app.log'), `${header}six\n`)
    await recorder.expectLines([header.trim(), 'one', 'two', 'three', header.trim(), 'six'])
  })
})

test('reads a file whose only link was removed while a batch was held back', async () => {
  const logs = new LogDir()
  logs.append('app.log', 'one\n')
  const recorder = new SourceRecorder()
  let release = () => {}
  recorder.gate = new Promise((resolve) => (release = resolve))
  recorder.start(logs.source(['app.log']))
  await until(() => recorder.batches.length === 1)
  logs.append('app.log', 'two\n')
  unlinkSync(logs.path('app.log'))
  logs.append('app.log', 'three\n')
  release()
  await recorder.expectLines(['one', 'two', 'three'])
})

/** Which files of a glob are read, from where, and for how long they stay open. */
import { readdirSync, readlinkSync, symlinkSync, utimesSync } from 'node:fs'
import { expect, test } from 'vitest'
import { SourceRecorder, until } from '../contract/source.ts'
import { LogDir } from './log-dir.ts'

test('excluded names and paths are not read, also those that appear later', async () => {
  const logs = new LogDir()
  logs.append('app.log', 'read\n')
  logs.append('debug.log', 'by name\n')
  logs.append('old.log', 'by path\n')
  const exclude = ['debug*', logs.path('old.*')]
  const recorder = new SourceRecorder().start(logs.source(['*.log'], { exclude }))
  await recorder.expectLines(['read'])
  logs.append('debug2.log', 'later by name\n')
  logs.append('more.log', 'later\n')
  await recorder.expectLines(['read', 'later'])
  expect([...recorder.everOpened].sort()).toEqual([logs.path('app.log'), logs.path('more.log')])
})

test('excluding a path sets its checkpoint aside', async () => {
  const logs = new LogDir()
  logs.append('app.log', 'one\n')
  const first = new SourceRecorder().start(logs.source(['*.log']))
  await first.expectLines(['one'])
  await first.stop()
  logs.append('app.log', 'two\n')
  logs.append('other.log', 'other\n')
  const second = new SourceRecorder(first.checkpoints)
  second.start(logs.source(['*.log'], { exclude: ['app.log'] }))
  await second.expectLines(['other'])
  expect(second.everOpened).toEqual(new Set([logs.path('other.log')]))
})

test('from a checkpoint: files without one are left alone under every name, new ones are read', async () => {
  const logs = new LogDir()
  logs.append('app.log', 'old\n')
  const from = 'checkpoint' as const
  const globs = ['*.log*', 'none']
  const recorder = new SourceRecorder().start(logs.source(globs, { from }))
  // Told once all that is there at the start has been found.
  await until(() => recorder.faults.has(logs.path('none')))
  logs.append('new.log', 'new\n')
  await recorder.expectLines(['new'])
  logs.append('app.log', 'still old\n')
  logs.rename('app.log', 'app.log.1')
  logs.append('app.log', 'next\n')
  await recorder.expectLines(['new', 'next'])
  await recorder.stop()

  logs.append('app.log', 'while stopped\n')
  // Born within a minute of the newest checkpoint, it would count as born since.
  logs.remove('app.log.1')
  const again = new SourceRecorder(recorder.checkpoints).start(logs.source(globs, { from }))
  await again.expectLines(['while stopped'])
})

test('a file last written too long ago begins at its end, but goes on from a checkpoint', async () => {
  const logs = new LogDir()
  for (const name of ['old.log', 'young.log']) logs.append(name, 'before\n')
  const hourAgo = Date.now() / 1_000 - 3_600
  utimesSync(logs.path('old.log'), hourAgo, hourAgo)
  const options = { ignore_older: 1_800_000 }
  const recorder = new SourceRecorder().start(logs.source(['*.log'], options))
  await until(() => recorder.checkpoints.size === 2)
  logs.append('old.log', 'after\n')
  await recorder.expectLines(['before', 'after'])
  await recorder.stop()

  logs.append('old.log', 'while stopped\n')
  utimesSync(logs.path('old.log'), hourAgo, hourAgo)
  const again = new SourceRecorder(recorder.checkpoints).start(logs.source(['*.log'], options))
  await again.expectLines(['while stopped'])
})

test('an inactive file is closed, and read on when it grows', async () => {
  const logs = new LogDir()
  logs.append('app.log', 'one\n')
  const isOpen = () =>
    readdirSync('/proc/self/fd').some((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === logs.path('app.log')
      } catch {
        return false
      }
    })
  const recorder = new SourceRecorder().start(logs.source(['*.log'], { close_inactive: 30 }))
  await recorder.expectLines(['one'])
  await until(() => !isOpen())
  logs.append('app.log', 'two\n')
  await recorder.expectLines(['one', 'two'])
  await until(() => !isOpen())
})

test('links to what the system makes up, to own files and in circles are refused', async () => {
  const logs = new LogDir()
  const own = new LogDir()
  own.append('state.db', 'not a log\n')
  logs.append('app.log', 'a line\n')
  symlinkSync(logs.path('app.log'), logs.path('good-link.log'))
  symlinkSync('/proc/self/status', logs.path('proc.log'))
  symlinkSync('/dev/zero', logs.path('zero.log'))
  symlinkSync(own.path('state.db'), logs.path('own.log'))
  symlinkSync(logs.path('loop.log'), logs.path('loop.log'))
  const recorder = Object.assign(new SourceRecorder(), { ownDir: own.dir })
  recorder.start(logs.source(['*.log']))
  await recorder.expectLines(['a line'])
  await until(() => recorder.faults.size === 4)
  expect(recorder.faults.get(logs.path('proc.log'))).toMatch(
    /^leads to \/proc\/.*, which is no log$/,
  )
  expect(recorder.faults.get(logs.path('zero.log'))).toBe('is a device')
  const ownFault = `leads to ${own.path('state.db')}, a file of lastpush itself`
  expect(recorder.faults.get(logs.path('own.log'))).toBe(ownFault)
  expect(recorder.faults.get(logs.path('loop.log'))).toMatch(/^cannot read: ELOOP/)
  // It stays one fault each, told once, however often it is looked at.
  logs.append('later.log', 'later\n')
  await recorder.expectLines(['a line', 'later'])
  expect(recorder.warnings).toHaveLength(4)
})

test('a source tells how far it is: behind while nobody takes its lines, then all read', async () => {
  const logs = new LogDir()
  const line = `${'x'.repeat(99)}\n`
  logs.append('app.log', line.repeat(10_000))
  const source = logs.source(['app.log'])
  expect(await source.reach?.()).toEqual(new Map())
  const recorder = new SourceRecorder()
  let open = () => {}
  recorder.gate = new Promise((resolve) => (open = resolve))
  recorder.start(source)
  const reach = async () => (await source.reach?.())?.get(logs.path('app.log'))
  await until(() => recorder.batches.length > 0)
  const behind = await reach()
  expect(behind?.state).toBe('open')
  expect((behind?.position ?? 0) + (behind?.behindBytes ?? 0)).toBe(1_000_000)
  expect(behind?.behindBytes).toBeGreaterThan(500_000)
  expect(behind?.behindMs).toBeGreaterThan(0)
  open()
  await until(async () => (await reach())?.state === 'quiet')
  const caughtUp = { state: 'quiet', position: 1_000_000, behindBytes: 0, behindMs: 0 }
  expect(await reach()).toEqual(caughtUp)
  logs.append('app.log', 'unfinished')
  await until(async () => (await reach())?.behindBytes === 0)
  expect((await reach())?.position).toBe(1_000_000)
})

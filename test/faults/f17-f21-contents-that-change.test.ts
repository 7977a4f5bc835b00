/** F17, F18, F20, F21: what stands at a path is another content, or another file, than before, though its
 *  size, its first bytes or its number say the same. */
import { execFileSync, spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { SourceRecorder } from '../contract/source.ts'
import { LogDir } from '../sources/log-dir.ts'
import { Daemon, folder, full } from './daemon.ts'

const rounds = full ? 30 : 5

/** Numbered lines of one generation. */
function lines(generation: number, count: number): string[] {
  return Array.from({ length: count }, (_, line) => `generation ${generation} line ${line}`)
}

const written = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('')

test('F17: truncated and grown past the offset while nobody looked, each content counts', async () => {
  const dir = folder()
  const log = join(dir, 'app.log')
  const sizes = Array.from({ length: rounds }, (_, round) => 100 + 50 * round)
  writeFileSync(log, written(lines(0, 50)))
  const args = [log, '--parser', 'plain', '--rules', 'none', '--port', '0']
  const daemon = await new Daemon({ dataDir: join(dir, 'data'), args }).ready()
  let total = 50
  await daemon.lines(log, total)
  for (const [round, count] of sizes.entries()) {
    daemon.signal('SIGSTOP')
    truncateSync(log)
    appendFileSync(log, written(lines(round + 1, count)))
    daemon.signal('SIGCONT')
    total += count
    await daemon.lines(log, total)
  }
  expect(await daemon.lines(log, total)).toMatchObject({ lines: total, events: total })
  expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
})

test('F18: generations whose first KiB is the same are files of their own', async () => {
  const logs = new LogDir()
  const head = Array.from({ length: 40 }, () => 'the banner that each start writes')
  const expected: string[] = []
  const recorder = new SourceRecorder().start(logs.source(['app.log']))
  for (let round = 0; round < rounds; round++) {
    const generation = [...head, ...lines(round, 3)]
    logs.append('app.log', written(generation))
    expected.push(...generation)
    await recorder.expectLines(expected)
    logs.rename('app.log', `app.log.${rounds - round}`)
  }
})

test('F20: a file with the number of a deleted one is new', async () => {
  const logs = new LogDir()
  const expected: string[] = []
  const recorder = new SourceRecorder().start(logs.source(['app.log'], { rotateWaitMs: 0 }))
  const numbers = new Set<bigint>()
  for (let round = 0; round < rounds; round++) {
    logs.append('app.log', written(lines(round, 4)))
    numbers.add(statSync(logs.path('app.log'), { bigint: true }).ino)
    expected.push(...lines(round, 4))
    await recorder.expectLines(expected)
    logs.remove('app.log')
  }
})

test('F20: a new file of the same number, while the source was stopped, is read from its beginning', async () => {
  const logs = new LogDir()
  logs.append('app.log', written(lines(0, 20)))
  const first = new SourceRecorder().start(logs.source(['app.log']))
  await first.expectLines(lines(0, 20))
  await first.stop()
  const before = statSync(logs.path('app.log')).ino
  // The content goes, the number stays: what the reuse of a number comes to, on every file system.
  writeFileSync(logs.path('app.log'), written(lines(1, 30)))
  expect(statSync(logs.path('app.log')).ino).toBe(before)
  const second = new SourceRecorder(first.checkpoints).start(logs.source(['app.log']))
  await second.expectLines(lines(1, 30))
})

test('F21: files of the same number on two devices are two', async (context) => {
  const logs = new LogDir()
  for (const name of ['a', 'b']) mkdirSync(logs.path(name))
  const mount = (name: string) => spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', logs.path(name)])
  if (mount('a').status !== 0) return context.skip('needs the right to mount a tmpfs')
  onTestFinished(() => void execFileSync('umount', [logs.path('a')]))
  expect(mount('b').status).toBe(0)
  onTestFinished(() => void execFileSync('umount', [logs.path('b')]))
  for (const name of ['a', 'b']) logs.append(`${name}/app.log`, written(lines(0, 3)))
  const [one, two] = ['a', 'b'].map((name) => statSync(logs.path(`${name}/app.log`)))
  expect(one?.ino).toBe(two?.ino)
  const recorder = new SourceRecorder().start(logs.source(['*/app.log']))
  await recorder.expectLines([...lines(0, 3), ...lines(0, 3)])
  logs.append('b/app.log', 'more\n')
  await recorder.expectLines([...lines(0, 3), ...lines(0, 3), 'more'])
})

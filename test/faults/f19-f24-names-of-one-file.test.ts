/** F19, F22, F23, F24: two files that look like one, and one that stands under several names. */
import { copyFileSync, linkSync, mkdirSync, renameSync, symlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { SourceRecorder, until } from '../contract/source.ts'
import { LogDir } from '../sources/log-dir.ts'
import { full } from './daemon.ts'

const turns = full ? 30 : 5

function lines(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, line) => `${name} ${line}`)
}

const written = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('')

test('F19: two live files that begin with the same KiB are both counted', async () => {
  const logs = new LogDir()
  const same = lines('the same line in both', 80)
  for (const name of ['messages', 'syslog']) logs.append(name, written(same))
  const recorder = new SourceRecorder().start(logs.source(['messages', 'syslog']))
  await recorder.expectLines([...same, ...same])
  logs.append('messages', 'only here\n')
  logs.append('syslog', 'only there\n')
  await recorder.expectLines([...same, ...same, 'only here', 'only there'])
})

test('F22: hard links and overlapping globs count a file once', async () => {
  const logs = new LogDir()
  mkdirSync(logs.path('sub'))
  logs.append('app.log', written(lines('before', 5)))
  linkSync(logs.path('app.log'), logs.path('app2.log'))
  linkSync(logs.path('app.log'), logs.path('sub/app.log'))
  const globs = ['app.log', '*.log', 'app?.log', '**/*.log']
  const recorder = new SourceRecorder().start(logs.source(globs))
  await recorder.expectLines(lines('before', 5))
  logs.append('app2.log', written(lines('after', 5)))
  await recorder.expectLines([...lines('before', 5), ...lines('after', 5)])
  linkSync(logs.path('app.log'), logs.path('app3.log'))
  logs.append('app3.log', 'last\n')
  await recorder.expectLines([...lines('before', 5), ...lines('after', 5), 'last'])
})

test('F23: a link that moves to new targets: the old is drained, the new is read', async () => {
  const logs = new LogDir()
  const expected: string[] = []
  const recorder = new SourceRecorder().start(logs.source(['current.log']))
  for (let turn = 0; turn < turns; turn++) {
    logs.append(`day-${turn}`, written(lines(`target ${turn}`, 100)))
    symlinkSync(logs.path(`day-${turn}`), logs.path('next'))
    if (turn > 0) {
      // Written between the last look at the old target and the switch.
      logs.append(`day-${turn - 1}`, 'late\n')
      expected.push('late')
    }
    renameSync(logs.path('next'), logs.path('current.log'))
    expected.push(...lines(`target ${turn}`, 100))
    await recorder.expectLines(expected)
  }
})

test('F24: a file restored by copying is not counted again, and is read on', async () => {
  const logs = new LogDir()
  logs.append('app.log', written(lines('line', 200)))
  const recorder = new SourceRecorder().start(logs.source(['app.log'], { rotateWaitMs: 0 }))
  await recorder.expectLines(lines('line', 200))
  for (let turn = 0; turn < turns; turn++) {
    copyFileSync(logs.path('app.log'), logs.path('saved'))
    logs.rename('saved', 'app.log')
    await until(() => recorder.faults.size === 0)
    logs.append('app.log', `after ${turn}\n`)
    const after = Array.from({ length: turn + 1 }, (_, earlier) => `after ${earlier}`)
    await recorder.expectLines([...lines('line', 200), ...after])
  }
  expect(recorder.faults.size).toBe(0)
})

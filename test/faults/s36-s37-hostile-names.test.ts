/** S36 and S37: links that lead out of a log folder and names made to break whoever shows or runs them.
 *  What is no log is not read; every other name is only a name. */
import { mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { SourceRecorder, until } from '../contract/source.ts'
import { LogDir } from '../sources/log-dir.ts'

test('S36: links to devices, to the system and in a circle are faults, and nothing is changed', async () => {
  const logs = new LogDir()
  logs.append('good.log', 'good\n')
  mkdirSync(logs.path('elsewhere'))
  symlinkSync('/dev/zero', logs.path('zero.log'))
  symlinkSync('/proc/self/environ', logs.path('environ.log'))
  symlinkSync('circle.log', logs.path('circle.log'))
  symlinkSync('elsewhere', logs.path('folder.log'))
  const before = readdirSync(logs.dir)
  const mode = statSync(logs.path('good.log')).mode
  const recorder = new SourceRecorder().start(logs.source(['*.log']))
  await recorder.expectLines(['good'])
  await until(
    () => recorder.faults.size >= 3,
    () => [...recorder.faults].join(),
  )
  expect(recorder.faults.get(logs.path('zero.log'))).toBe('is a device')
  expect(recorder.faults.get(logs.path('environ.log'))).toMatch(/^leads to \/proc\/.*no log$/)
  expect(recorder.faults.get(logs.path('folder.log'))).toMatch(/^is a directory/)
  expect(readdirSync(logs.dir)).toEqual(before)
  expect(statSync(logs.path('good.log')).mode).toBe(mode)
})

test('S37: names that are commands, options, globs or hold a line break are read as files', async () => {
  const logs = new LogDir()
  const names = ['-rf', '$(id)', '`id`', 'a\nb', 'x'.repeat(251), '*', '[a]', '\x1b[31m', ';ls &']
  for (const [index, name] of names.entries()) logs.append(`${name}.log`, `${index}\n`)
  const recorder = new SourceRecorder().start(logs.source(['*.log']))
  await recorder.expectLines(names.map((_, index) => String(index)))
  expect([...recorder.open].sort()).toEqual(names.map((name) => logs.path(`${name}.log`)).sort())
})

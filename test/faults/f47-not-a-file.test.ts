/** F47: what is no file stands in the glob of a log. It is named once, nothing waits for it, and the
 *  logs beside it are read. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { SourceRecorder, until } from '../contract/source.ts'
import { LogDir } from '../sources/log-dir.ts'

test('F47: FIFO, socket, device and folder are each one warning, and no open waits', async () => {
  const logs = new LogDir()
  logs.append('app.log', 'one\n')
  mkdirSync(logs.path('app.log.7'))
  execFileSync('mkfifo', [logs.path('app.log.8')])
  symlinkSync('/dev/zero', logs.path('app.log.9'))
  const server = createServer()
  await new Promise<void>((done) => server.listen(logs.path('app.log.6'), done))
  onTestFinished(() => void server.close())
  const recorder = new SourceRecorder().start(logs.source(['app.log*']))
  await recorder.expectLines(['one'])
  await until(
    () => recorder.faults.size === 4,
    () => [...recorder.faults].join(),
  )
  logs.append('app.log', 'two\n')
  await recorder.expectLines(['one', 'two'])
  expect(recorder.warnings.toSorted()).toEqual([
    'is a FIFO; pipe it into standard input instead',
    'is a device',
    'is a directory; name a glob such as DIR/*.log',
    'is a socket',
  ])
})

import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/flow/time.ts'
import { SourceRecorder } from '../contract/source.ts'
import { LogDir } from './log-dir.ts'

test('lets the files of a chain wait at the same time, however often they are renamed', async () => {
  const logs = new LogDir()
  logs.append('app.log', 'file 0\n')
  const source = logs.source(['app.log'], { rotateWaitMs: 400 })
  const recorder = new SourceRecorder().start(source)
  await recorder.expectLines(['file 0'])
  const began = systemClock.monotonic()
  const lines = ['file 0']
  for (let i = 1; i <= 8; i++) {
    logs.rename('app.log', `app.log-${i}`)
    logs.append('app.log', `file ${i}\n`)
    lines.push(`file ${i}`)
  }
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const storm = renameAgainAndAgain(logs, stop.signal)
  await recorder.expectLines(lines)
  stop.abort()
  await storm
  // One wait; eight of them would take 3,200 ms.
  expect(systemClock.monotonic() - began).toBeLessThan(2_000)
  expect(recorder.lines()).toEqual(lines)
})

/** Renews the ctime of the rotated files, as each further rotation of numbered names does. */
async function renameAgainAndAgain(logs: LogDir, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (let i = 1; i <= 8; i++) {
      logs.rename(`app.log-${i}`, 'moving')
      logs.rename('moving', `app.log-${i}`)
    }
    await systemClock.sleep(20, signal)
  }
}

import { expect, test } from 'vitest'
import { SourceRecorder, until } from '../contract/source.ts'
import { LogDir } from './log-dir.ts'

test('a flood in one file does not starve a lone line in another', async () => {
  const logs = new LogDir()
  logs.append('flood.log', 'x'.repeat(99).concat('\n').repeat(400_000))
  logs.append('quiet.log', '')
  const recorder = new SourceRecorder().start(logs.source(['*.log']))
  await until(() => recorder.batches.some(({ partition }) => partition === logs.path('flood.log')))
  logs.append('quiet.log', 'alone\n')
  await until(() => recorder.lines(logs.path('quiet.log')).length === 1)
  const flooded = recorder.batches.filter(({ partition }) => partition === logs.path('flood.log'))
  const read = flooded.reduce((sum, { bytes }) => sum + bytes.length, 0)
  // It came while most of the flood was still to be read.
  expect(read).toBeLessThan(40_000_000)
})

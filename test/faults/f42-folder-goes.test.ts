/** F42: the folder of the logs is moved away and comes back, with lines written in between. */
import { mkdirSync, renameSync } from 'node:fs'
import { test } from 'vitest'
import { SourceRecorder, until } from '../contract/source.ts'
import { LogDir } from '../sources/log-dir.ts'

test('F42: a folder that goes and comes back is read on, each line once', async () => {
  const logs = new LogDir()
  mkdirSync(logs.path('logs'))
  logs.append('logs/app.log', 'one\n')
  const recorder = new SourceRecorder().start(logs.source(['logs/*.log'], { rotateWaitMs: 5_000 }))
  await recorder.expectLines(['one'])
  renameSync(logs.path('logs'), logs.path('away'))
  await until(() => recorder.faults.get(logs.path('logs/*.log')) === 'no file matches')
  logs.append('away/app.log', 'two\n')
  renameSync(logs.path('away'), logs.path('logs'))
  await until(() => recorder.faults.size === 0)
  logs.append('logs/app.log', 'three\n')
  await recorder.expectLines(['one', 'two', 'three'])
})

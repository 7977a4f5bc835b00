import { describe, expect, test } from 'vitest'
import type { Checkpoint } from '../../src/model/event.ts'
import { SourceRecorder, until } from '../contract/source.ts'
import { LogDir } from './log-dir.ts'

/** Runs a source over a.log from its end, and returns what it has committed. */
async function runOver(logs: LogDir): Promise<Map<string, Checkpoint>> {
  const recorder = new SourceRecorder().start(logs.source(['a.log'], { from: 'end' }))
  await until(() => recorder.checkpoints.size === 1)
  await logs.nextTick()
  logs.append('a.log', 'seen\n')
  await recorder.expectLines(['seen'])
  await recorder.stop()
  return recorder.checkpoints
}

describe('a path without a checkpoint, beside one that has it', () => {
  test('is read from its beginning when it was born just before the stop', async () => {
    const logs = new LogDir()
    logs.append('a.log', 'old\n')
    logs.append('b.log', 'never found\n')
    const checkpoints = await runOver(logs)
    const recorder = new SourceRecorder(checkpoints)
    recorder.start(logs.source(['*.log'], { from: 'end' }))
    await recorder.expectLines(['never found'])
  })

  test('is read from its end when it is much older than the last commit', async () => {
    const logs = new LogDir()
    logs.append('a.log', 'old\n')
    logs.append('b.log', 'old\n')
    const checkpoints = await runOver(logs)
    for (const [path, checkpoint] of checkpoints) {
      checkpoints.set(path, { ...checkpoint, atMs: Number(checkpoint['atMs']) + 61_000 })
    }
    const recorder = new SourceRecorder(checkpoints)
    recorder.start(logs.source(['*.log'], { from: 'end' }))
    await until(() => recorder.checkpoints.has(logs.path('b.log')))
    logs.append('b.log', 'new\n')
    await recorder.expectLines(['new'])
    expect(recorder.filled[0]?.start).toBe(4)
  })
})

import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { stdin, stdinSource } from '../../src/sources/stdin.ts'
import { describeSource, SourceRecorder } from '../contract/source.ts'

describe('stdin', () => {
  describeSource(async () => {
    const input = new PassThrough()
    return {
      create: () => stdinSource('in', input),
      append: async (text) => void input.write(text),
      noResume: 'a pipe cannot be read twice',
    }
  })

  test('hands over the unterminated last line in a final batch and closes', async () => {
    const input = new PassThrough()
    const recorder = new SourceRecorder(new Map(), true).start(stdinSource('in', input))
    input.end('one\ntwo')
    await recorder.ended()
    expect(
      recorder.batches.map(({ bytes, final, start }) => [bytes.toString(), final, start]),
    ).toEqual([
      ['one\n', false, 0],
      ['two', true, 4],
    ])
    expect([...recorder.everOpened]).toEqual(['stdin'])
    expect([...recorder.open]).toEqual([])
  })

  test('says that the pipe broke and ends', async () => {
    const input = new PassThrough()
    const recorder = new SourceRecorder().start(stdinSource('in', input))
    input.destroy(new Error('read EIO'))
    await recorder.ended()
    expect([...recorder.faults]).toEqual([['stdin', 'cannot read: read EIO']])
    expect([...recorder.open]).toEqual([])
  })

  test('refuses options, having none', () => {
    expect(stdin.options.safeParse({ path: '-' }).success).toBe(false)
    expect(stdin.options.parse({})).toEqual({})
  })
})

import { describe, expect, test } from 'vitest'
import type { PartitionState } from '../../src/pipeline/partition.ts'
import type { Commit } from '../../src/store/state.ts'
import { batchOf, line, pipelineOf, t0 } from './world.ts'

const arrivalMs = t0 + 600_000

/** Seconds of the level panes that lines make, and the counters of their partition. */
function timed(live: boolean, lines: readonly string[]) {
  const pipeline = pipelineOf({ live })
  pipeline.ingest(batchOf('json', lines, { arrivalMs }))
  const commit = pipeline.take() as Commit
  const state = commit.records.find(({ kind }) => kind === 'partition')?.value as PartitionState
  const seconds = commit.panes
    .filter(({ kind }) => kind === 'level')
    .flatMap(({ second, count, late }) => new Array<string>(count).fill(`${second - t0 / 1_000}`).concat(new Array<string>(late).fill(`${second - t0 / 1_000} late`))) // prettier-ignore
  return { seconds, state }
}

const info = { level: 'info', message: 'x' }
const timeless = JSON.stringify(info)

describe('a line with a time more than five minutes ahead of its arrival', () => {
  const lines = [line(500, info), line(901, info), line(550, info), line(510, info)]

  test('takes its arrival when it is read live, and is counted', () => {
    const { seconds, state } = timed(true, lines)
    expect(seconds).toEqual(['500', '510 late', '550 late', '600'])
    expect(state).toMatchObject({ clamped: 1, late: 2, newest: arrivalMs })
  })

  test('takes the newest valid time in a replay, and makes nobody late', () => {
    const { seconds, state } = timed(false, lines)
    expect(seconds.sort()).toEqual(['500', '500', '510 late', '550'])
    expect(state).toMatchObject({ clamped: 1, late: 1, newest: t0 + 550_000 })
  })

  test('exactly five minutes ahead is believed', () => {
    expect(timed(true, [line(900, info)])).toMatchObject({
      seconds: ['900'],
      state: { clamped: 0, newest: t0 + 900_000 },
    })
  })
})

describe('a line without a time', () => {
  test('takes its arrival when it is read live, and moves the watermark', () => {
    const { seconds, state } = timed(true, [line(500, info), timeless, line(550, info)])
    expect(seconds).toEqual(['500', '550 late', '600'])
    expect(state).toMatchObject({ clamped: 0, newest: arrivalMs, newestValid: t0 + 550_000 })
  })

  test('takes the newest valid time of its partition so far in a replay', () => {
    const { seconds, state } = timed(false, [line(500, info), timeless, line(520, info), line(510, info), timeless]) // prettier-ignore
    expect(seconds).toEqual(['500', '500', '510', '520', '520'])
    expect(state).toMatchObject({ late: 0, newest: t0 + 520_000 })
  })

  test('takes its arrival in a replay when nothing before it had a time', () => {
    const { seconds, state } = timed(false, [timeless, line(500, info)])
    expect(seconds).toEqual(['500', '600'])
    expect(state).toMatchObject({ late: 0, newest: t0 + 500_000 })
  })
})

test('a late event is counted as late, and in the totals', () => {
  const pipeline = pipelineOf({})
  pipeline.ingest(batchOf('json', [line(100, info), line(69.999, info), line(70, info)]))
  const commit = pipeline.take() as Commit
  expect([...pipeline.partitions()][0]).toMatchObject({ lines: 3, events: 3, late: 1 })
  expect(pipeline.totals.level).toEqual(new Map([['info', 3]]))
  const panes = commit.panes.filter(({ kind }) => kind === 'level')
  expect(panes.map(({ second, count, late }) => [second - t0 / 1_000, count, late])).toEqual([
    [69, 0, 1],
    [70, 1, 0],
    [100, 1, 0],
  ])
})

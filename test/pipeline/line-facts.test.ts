import { expect, test } from 'vitest'
import { DeployTracker } from '../../src/deploys/tracker.ts'
import { ValueColumn } from '../../src/model/columns.ts'
import type { Batch } from '../../src/model/event.ts'
import { Pipeline } from '../../src/pipeline.ts'
import { plainParser } from '../../src/parsers/plain.ts'
import { everything } from '../../src/query/query.ts'

const now = Date.parse('2026-11-23T14:00:00.000Z')

/** Events that a live pipeline indexes of a batch. */
function indexed(batch: Batch) {
  const settings = {
    name: 'queue',
    service: 'web',
    env: 'production',
    parser: 'plain',
    zone: 'UTC',
  }
  const pipeline = new Pipeline({
    rules: [],
    parsers: [plainParser('plain')],
    sources: new Map([['queue', { ...settings, latenessMs: 30_000 }]]),
    services: [],
    exposure: () => 'seconds',
    storeQuery: everything,
    deploys: new DeployTracker(),
    live: true,
  })
  pipeline.ingest(batch)
  return pipeline.take()?.backlog ?? []
}

function column(...values: (string | null)[]): ValueColumn {
  const column = new ValueColumn(values.length)
  column.values.splice(0, values.length, ...values)
  return column
}

test('lines of messages have their own positions, arrivals and fields', () => {
  const bytes = Buffer.from('first\nsecond\n')
  const events = indexed({
    source: 'queue',
    partition: 't/0',
    bytes,
    start: 70_000,
    checkpoint: { offset: 9 },
    arrivalMs: now,
    final: false,
    skippedBytes: 0,
    lines: {
      positions: Float64Array.of(70_000, 80_000),
      arrivals: Float64Array.of(now - 5_000, now - 1_000),
      fields: new Map([
        ['key', column('cart', null)],
        ['service', column(null, 'shop')],
        ['sha', column('abc1234', null)],
        ['message', column('not the line', 'nor here')],
      ]),
    },
  })
  const told = events.map(({ id, time, service, sha, fields }) => [id, time - now, service, sha, fields['key'], fields['message']]) // prettier-ignore
  expect(told).toEqual([
    ['t/0@70000', -5_000, 'web', 'abc1234', 'cart', 'first'],
    ['t/0@80000', -1_000, 'shop', null, undefined, 'second'],
  ])
})

test('lines of a stream have positions of their bytes and the arrival of the batch', () => {
  const events = indexed({
    source: 'queue',
    partition: '/var/log/a.log',
    bytes: Buffer.from('first\nsecond\n'),
    start: 100,
    checkpoint: {},
    arrivalMs: now,
    final: false,
    skippedBytes: 0,
  })
  expect(events.map(({ id, time }) => [id, time])).toEqual([
    ['/var/log/a.log@100', now],
    ['/var/log/a.log@106', now],
  ])
})

test('an event whose line was cut says so, and no other does', () => {
  const read = {
    source: 'queue',
    partition: 'a.log',
    checkpoint: { offset: 9 },
    arrivalMs: now,
    final: false,
  }
  const cut = { ...read, bytes: Buffer.from('lo\n'), start: 0, skippedBytes: 7 }
  const whole = { ...read, bytes: Buffer.from('short\n'), start: 10, skippedBytes: 0 }
  const told = [...indexed(cut), ...indexed(whole)].map(({ fields }) => [fields['truncated']])
  expect(told).toEqual([['true'], [undefined]])
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { everything } from '../../src/query/query.ts'
import type { EventDocument } from '../../src/store/events.ts'
import { phpLines } from './generated.ts'
import { batchOf, cut, pipelineOf } from './world.ts'

const sources = [{ name: 'php_error', service: 'web' }]

/** Events as the index has them after every commit, by position. */
function indexed(batches: ReturnType<typeof cut>, storeQuery = everything) {
  const pipeline = pipelineOf({ sources, storeQuery })
  const events = new Map<number, EventDocument>()
  for (const batch of batches) {
    pipeline.ingest(batch)
    for (const event of pipeline.take()?.backlog ?? []) events.set(event.position, event)
  }
  const [partition] = pipeline.partitions()
  return { events: [...events.values()].sort((a, b) => a.position - b.position), partition }
}

const trace = ['Stack trace:', '#0 /srv/index.php(3): load()', '#1 {main}', '  thrown in /srv/cart.php on line 12'] // prettier-ignore
const lines = [
  '#0 a stack without a head',
  ...phpLines(1, 'Fatal error', 'Uncaught PDOException: gone'),
  ...phpLines(2, 'Warning', 'slow'),
  ...phpLines(3, 'Fatal error', 'Uncaught PDOException: gone'),
  'no line of this format',
  '#2 a last frame',
]

describe('a stack trace', () => {
  test('belongs to the event at its head', () => {
    const { events, partition } = indexed(cut('php_error', lines, []))
    expect(events.map(({ stack }) => stack)).toEqual([
      trace.join('\n'),
      null,
      [...trace, '#2 a last frame'].join('\n'),
    ])
    expect(partition).toMatchObject({ lines: 14, events: 3, continued: 9, unparsed: 2 })
  })

  test('is the same wherever batches are cut', () => {
    const whole = indexed(cut('php_error', lines, []))
    fc.assert(
      fc.property(fc.subarray(lines.map((_, index) => index)), (cuts) => {
        const pieces = indexed(cut('php_error', lines, cuts))
        expect(pieces.events).toEqual(whole.events)
        expect(pieces.partition).toMatchObject({ lines: 14, events: 3, continued: 9, unparsed: 2 })
      }),
    )
  })

  test('of an event that is not indexed is only counted', () => {
    const none = { kind: 'is', field: 'level', value: 'warn' } as const
    const { events, partition } = indexed(cut('php_error', lines, [3, 5]), none)
    expect(events.map(({ stack }) => stack)).toEqual([null])
    expect(partition?.continued).toBe(9)
  })

  test('is cut at 64 KiB, at the same place wherever batches are cut', () => {
    const frames = Array.from({ length: 900 }, (_, index) => `#${index} ${'x'.repeat(90)}`)
    const long = [phpLines(1, 'Fatal error', 'Uncaught Exception: x')[0]!, ...frames]
    const whole = indexed(cut('php_error', long, [])).events[0]?.stack
    expect(whole).toBe(frames.join('\n').slice(0, 65_536))
    expect(indexed(cut('php_error', long, [1, 300, 600, 800])).events[0]?.stack).toBe(whole)
  })

  test('after the last batch of a partition belongs to nothing', () => {
    const pipeline = pipelineOf({ sources, storeQuery: everything })
    pipeline.ingest(batchOf('php_error', lines.slice(1, 2), { final: true }))
    expect([...pipeline.partitions()][0]?.open).toBeNull()
  })
})

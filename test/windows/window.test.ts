import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareEvents, type Sample } from '../../src/model/event.ts'
import { paneStart } from '../../src/windows/panes.ts'
import { PaneQueue } from '../../src/windows/pane-queue.ts'
import {
  addEvent,
  addSample,
  emptyPane,
  mergePane,
  restorePane,
  samplesMax,
  storePane,
  wantsSample,
  type Pane,
} from '../../src/windows/window.ts'

interface Counted {
  readonly time: number
  readonly partition: string
  readonly position: number
  readonly inputs: readonly number[]
}

/** Events at distinct places, as no two lines share one. */
const events: fc.Arbitrary<Counted[]> = fc
  .array(
    fc.record({
      time: fc.integer({ min: 0, max: 4_000 }),
      partition: fc.constantFrom('a.log', 'b.log'),
      inputs: fc.subarray([0, 1]),
    }),
    { maxLength: 40 },
  )
  .map((list) => list.map((event, index) => ({ ...event, position: index * 10 })))

function count(into: Pane, event: Counted): void {
  for (const input of event.inputs) addEvent(into, input, event.time)
  if (event.inputs.includes(0) && wantsSample(into, event)) addSample(into, sampleOf(event))
}

function sampleOf({ time, partition, position }: Counted): Sample {
  return { time, partition, position, text: `line ${position}`, sha: null, scope: 'production' }
}

function paneOf(list: readonly Counted[]): Pane {
  const pane = emptyPane(2, true)
  for (const event of list) count(pane, event)
  return pane
}

/** A pane as it is compared: the order in which times came does not matter. */
function facts(pane: Pane) {
  return { ...pane, times: [...(pane.times ?? [])].sort(([a], [b]) => a - b) }
}

describe('a pane', () => {
  test('counts per input, and times of the first input only', () => {
    const pane = emptyPane(2, true)
    addEvent(pane, 0, 500)
    addEvent(pane, 1, 500)
    addEvent(pane, 1, 700)
    addEvent(pane, 0, 500)
    expect(pane.counts).toEqual([2, 2])
    expect([...(pane.times ?? [])]).toEqual([[500, 2]])
  })

  test('has no times where the rule does not ask for them', () => {
    const pane = emptyPane(1, false)
    addEvent(pane, 0, 500)
    expect(pane).toEqual({ counts: [1], times: null, samples: [] })
  })

  test('holds what a naive recount of its events holds, with the first five lines in order', () => {
    fc.assert(
      fc.property(events, (list) => {
        const first = list.filter(({ inputs }) => inputs.includes(0))
        const times = new Map<number, number>()
        for (const { time } of first) times.set(time, (times.get(time) ?? 0) + 1)
        expect(facts(paneOf(list))).toEqual({
          counts: [0, 1].map((input) => list.filter((each) => each.inputs.includes(input)).length),
          times: [...times].sort(([a], [b]) => a - b),
          samples: first.sort(compareEvents).slice(0, samplesMax).map(sampleOf),
        })
      }),
    )
  })

  test('is the same however its events were spread over partials and these were merged', () => {
    const spread = events.chain((list) =>
      fc.record({
        list: fc.constant(list),
        parts: fc.array(fc.nat({ max: 5 }), { minLength: list.length, maxLength: list.length }),
        steps: fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 5, maxLength: 5 }),
      }),
    )
    fc.assert(
      fc.property(spread, ({ list, parts, steps }) => {
        const partials = Array.from({ length: 6 }, (_, part) =>
          paneOf(list.filter((_, index) => parts[index] === part)),
        )
        // Any two of those left, in any direction: every order and every grouping.
        for (const [one, other] of steps) {
          const [from] = partials.splice(one % partials.length, 1)
          mergePane(partials[other % partials.length]!, from!)
        }
        expect(partials.map(facts)).toEqual([facts(paneOf(list))])
      }),
    )
  })

  test('survives being stored as JSON', () => {
    fc.assert(
      fc.property(events, (list) => {
        const pane = paneOf(list)
        const stored = storePane(60_000, pane)
        expect(stored.start).toBe(60_000)
        expect(restorePane(JSON.parse(JSON.stringify(stored)) as typeof stored)).toEqual(pane)
      }),
    )
  })
})

describe('the queue of panes', () => {
  test('gives the panes by start, summed as a naive recount has them', () => {
    const adds = fc.array(fc.integer({ min: 0, max: 60_000 }), { maxLength: 80 })
    fc.assert(
      fc.property(adds, fc.constantFrom(1_000, 5_000), (times, width) => {
        const queue = new PaneQueue()
        for (const time of times) {
          const pane = emptyPane(1, false)
          addEvent(pane, 0, time)
          queue.add(paneStart(time, width), pane)
        }
        const recount = new Map<number, number>()
        for (const time of times.toSorted((a, b) => a - b)) {
          const start = paneStart(time, width)
          recount.set(start, (recount.get(start) ?? 0) + 1)
        }
        expect(queue.size).toBe(recount.size)
        const taken: [number, number][] = []
        while (queue.first !== Infinity) {
          const start = queue.first
          taken.push([start, queue.take(start)?.counts[0] ?? 0])
        }
        expect(taken).toEqual([...recount])
      }),
    )
  })

  test('takes nothing but the first pane', () => {
    const queue = new PaneQueue()
    queue.add(2_000, emptyPane(1, false))
    queue.add(1_000, emptyPane(1, false))
    expect(queue.take(2_000)).toBeUndefined()
    expect(queue.take(0)).toBeUndefined()
    expect(queue.size).toBe(2)
    expect(queue.take(1_000)).toBeDefined()
    expect(queue.first).toBe(2_000)
  })

  test('puts a pane that comes after later ones were taken in its place', () => {
    const queue = new PaneQueue()
    for (let second = 0; second < 5_000; second++) queue.add(second * 1_000, emptyPane(1, false))
    for (let second = 0; second < 4_000; second++) queue.take(second * 1_000)
    queue.add(1_000, emptyPane(1, false))
    expect(queue.first).toBe(1_000)
    queue.take(1_000)
    expect([queue.first, queue.size]).toEqual([4_000_000, 1_000])
  })

  test('a quarter of a million panes in front of a slow source are no burden', () => {
    const queue = new PaneQueue()
    for (let second = 0; second < 250_000; second++) queue.add(second * 1_000, emptyPane(1, false))
    let sum = 0
    while (queue.first !== Infinity) {
      queue.take(queue.first)
      sum++
    }
    expect(sum).toBe(250_000)
  })
})

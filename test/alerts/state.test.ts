import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  dueAt,
  observe,
  settle,
  type Advance,
  type Change,
  type Onset,
  type Patience,
  type Seen,
} from '../../src/alerts/state.ts'
import { onsetOf } from './onset-of.ts'

/** Seconds, to keep the tables short. */
interface Step {
  readonly at: number
  /** yes: the condition holds; no; none: no data; time: only time passes. */
  readonly see: 'yes' | 'no' | 'none' | 'time'
  readonly since?: number
}

interface Case {
  readonly name: string
  readonly for?: number
  readonly keep?: number
  readonly steps: readonly Step[]
  /** `firing 60` is a change to firing at second 60; `resolved 90/80` adds an endsAt of 80. */
  readonly changes: readonly string[]
  readonly left: 'nothing' | 'pending' | 'firing'
}

const cases: readonly Case[] = [
  {
    name: 'fires at once without `for`',
    steps: [{ at: 10, see: 'yes' }],
    changes: ['firing 10'],
    left: 'firing',
  },
  {
    name: 'pending becomes firing exactly after `for`',
    for: 60,
    steps: [
      { at: 10, see: 'yes' },
      { at: 40, see: 'yes' },
      { at: 100, see: 'time' },
    ],
    changes: ['firing 70'],
    left: 'firing',
  },
  {
    name: 'pending a moment before `for` is still pending',
    for: 60,
    steps: [
      { at: 10, see: 'yes' },
      { at: 69.999, see: 'time' },
    ],
    changes: [],
    left: 'pending',
  },
  {
    name: 'a condition that ends while pending tells nobody',
    for: 60,
    steps: [
      { at: 10, see: 'yes' },
      { at: 69, see: 'no' },
      { at: 200, see: 'time' },
    ],
    changes: [],
    left: 'nothing',
  },
  {
    name: 'a condition that held for exactly `for` has fired',
    for: 60,
    steps: [
      { at: 10, see: 'yes' },
      { at: 70, see: 'no' },
    ],
    changes: ['firing 70', 'resolved 70/70'],
    left: 'nothing',
  },
  {
    name: '`for` counts from when the condition began, if that is told later',
    for: 60,
    steps: [{ at: 100, see: 'yes', since: 30 }],
    changes: ['firing 90'],
    left: 'firing',
  },
  {
    name: 'resolves at once without keep_firing_for',
    steps: [
      { at: 10, see: 'yes' },
      { at: 50, see: 'no' },
    ],
    changes: ['firing 10', 'resolved 50/50'],
    left: 'nothing',
  },
  {
    name: 'resolves when it is seen, and ends when it ended',
    steps: [
      { at: 10, see: 'yes' },
      { at: 50, see: 'no', since: 35 },
    ],
    changes: ['firing 10', 'resolved 50/35'],
    left: 'nothing',
  },
  {
    name: 'goes on firing for keep_firing_for after the condition ended',
    keep: 30,
    steps: [
      { at: 10, see: 'yes' },
      { at: 50, see: 'no' },
      { at: 60, see: 'no' },
      { at: 79.999, see: 'time' },
      { at: 80, see: 'time' },
    ],
    changes: ['firing 10', 'resolved 80/80'],
    left: 'nothing',
  },
  {
    name: 'a condition that comes back within keep_firing_for is the same alert',
    keep: 30,
    steps: [
      { at: 10, see: 'yes' },
      { at: 50, see: 'no' },
      { at: 80, see: 'yes' },
      { at: 200, see: 'time' },
    ],
    changes: ['firing 10'],
    left: 'firing',
  },
  {
    name: 'a condition that comes back after keep_firing_for is another onset',
    keep: 30,
    steps: [
      { at: 10, see: 'yes' },
      { at: 50, see: 'no' },
      { at: 81, see: 'yes' },
    ],
    changes: ['firing 10', 'resolved 80/80', 'firing 81'],
    left: 'firing',
  },
  {
    name: 'without data a firing alert stays as it is',
    steps: [
      { at: 10, see: 'yes' },
      { at: 50, see: 'none' },
      { at: 900, see: 'time' },
    ],
    changes: ['firing 10'],
    left: 'firing',
  },
  {
    name: 'without data a pending alert does not fire',
    for: 60,
    steps: [
      { at: 10, see: 'yes' },
      { at: 50, see: 'none' },
      { at: 900, see: 'time' },
    ],
    changes: [],
    left: 'pending',
  },
  {
    name: 'a pending alert that went without data begins again when there is some',
    for: 60,
    steps: [
      { at: 10, see: 'yes' },
      { at: 50, see: 'none' },
      { at: 300, see: 'yes' },
      { at: 400, see: 'time' },
    ],
    changes: ['firing 360'],
    left: 'firing',
  },
  {
    name: 'no data does not put off what is due already',
    keep: 30,
    steps: [
      { at: 10, see: 'yes' },
      { at: 50, see: 'no' },
      { at: 100, see: 'none' },
    ],
    changes: ['firing 10', 'resolved 80/80'],
    left: 'nothing',
  },
  {
    name: 'nothing comes of a condition that does not hold',
    steps: [
      { at: 10, see: 'no' },
      { at: 20, see: 'none' },
      { at: 30, see: 'time' },
    ],
    changes: [],
    left: 'nothing',
  },
]

function walk(steps: readonly Step[], patience: Patience) {
  let onset: Onset | null = null
  const changes: Change[] = []
  let opened = 0
  for (const { at, see, since } of steps) {
    const before: Onset | null = onset
    const advance: Advance = see === 'time' ? settle(before, at * 1_000, patience) : observe(before, seenOf({ at, see, since }), patience, open) // prettier-ignore
    onset = advance.onset
    changes.push(...advance.changes)
  }
  return { onset: onset, changes, opened }

  function open(startsAt: number): Onset {
    opened++
    return onsetOf({ startsAt })
  }
}

function seenOf(step: { at: number; see: Step['see']; since?: number | undefined }): Seen {
  return {
    at: step.at * 1_000,
    holds: step.see === 'yes',
    ...(step.since === undefined ? {} : { since: step.since * 1_000 }),
    ...(step.see === 'none' ? { nodata: true } : {}),
  }
}

function told({ kind, at, endsAt }: Change): string {
  return `${kind} ${at / 1_000}${endsAt === null ? '' : `/${endsAt / 1_000}`}`
}

describe('an alert', () => {
  test.each(cases)('$name', ({ steps, changes, left, ...rest }) => {
    const patience = { forMs: (rest.for ?? 0) * 1_000, keepFiringMs: (rest.keep ?? 0) * 1_000 }
    const done = walk(steps, patience)
    expect(done.changes.map(told)).toEqual(changes)
    expect(done.onset?.phase ?? 'nothing').toBe(left)
  })

  test('says that there is no data until there is some', () => {
    const patience = { forMs: 0, keepFiringMs: 0 }
    const silent = observe(
      onsetOf({ phase: 'firing' }),
      { at: 50_000, holds: false, nodata: true },
      patience,
      () => onsetOf({}),
    ).onset
    expect(silent?.nodata).toBe(true)
    const back = observe(silent, { at: 950_000, holds: true }, patience, () => onsetOf({}))
    expect(back.onset?.nodata).toBe(false)
    expect(back.changes).toEqual([])
  })

  test('is due at nothing while it fires and the condition holds', () => {
    const patience = { forMs: 60_000, keepFiringMs: 30_000 }
    expect(dueAt(onsetOf({ phase: 'pending', startsAt: 10_000 }), patience)).toBe(70_000)
    expect(dueAt(onsetOf({ phase: 'firing' }), patience)).toBeNull()
    expect(dueAt(onsetOf({ phase: 'firing', quietSince: 90_000 }), patience)).toBe(120_000)
  })

  const step: fc.Arbitrary<Step> = fc.record({
    at: fc.nat(40),
    see: fc.constantFrom('yes', 'no', 'none', 'time'),
  })
  const walks = fc
    .array(step, { maxLength: 25 })
    .map((list) => list.toSorted((a, b) => a.at - b.at))
  const patience = fc.record({
    forMs: fc.constantFrom(0, 3_000, 20_000),
    keepFiringMs: fc.constantFrom(0, 3_000, 20_000),
  })

  test('stepped twice with one observation is as stepped once', () => {
    fc.assert(
      fc.property(walks, patience, (steps, times) => {
        const once = walk(steps, times)
        const twice = walk(
          steps.flatMap((each) => [each, each]),
          times,
        )
        expect(twice).toEqual(once)
      }),
    )
  })

  test('does not depend on how often the clock looks at it between observations', () => {
    fc.assert(
      fc.property(walks, patience, (steps, times) => {
        const seen = steps.filter(({ see }) => see !== 'time')
        const end: Step = { at: 100, see: 'time' }
        const looks = steps.flatMap((each, index) => {
          const next = steps[index + 1]?.at ?? each.at
          return next > each.at
            ? [each, { at: (each.at + next) / 2, see: 'time' as const }]
            : [each]
        })
        expect(walk([...looks, end], times)).toEqual(walk([...seen, end], times))
      }),
    )
  })

  test('fires and resolves by turns, in order of time', () => {
    fc.assert(
      fc.property(walks, patience, (steps, times) => {
        const { changes, onset } = walk(steps, times)
        expect(changes.map(({ kind }) => kind)).toEqual(
          changes.map((_, index) => (index % 2 === 0 ? 'firing' : 'resolved')),
        )
        expect(changes.map(({ at }) => at)).toEqual(
          changes.map(({ at }) => at).sort((a, b) => a - b),
        )
        expect(onset?.phase === 'firing').toBe(changes.length % 2 === 1)
      }),
    )
  })
})

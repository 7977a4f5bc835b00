import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeSignature } from '../../src/pipeline/partial.ts'
import type { SignatureDelta } from '../../src/store/state.ts'

const deltas: fc.Arbitrary<SignatureDelta[]> = fc.array(
  fc.record({
    service: fc.constant('web'),
    env: fc.constant('production'),
    id: fc.constant('a1'),
    group: fc.constant('a1'),
    template: fc.constant('slow: <num> ms'),
    level: fc.constantFrom(null, 'warn', 'error'),
    firstSeen: fc.nat(3),
    lastSeen: fc.nat(3),
    count: fc.integer({ min: 1, max: 5 }),
    sample: fc.constantFrom('slow: 1 ms', 'slow: 2 ms'),
  }),
  { minLength: 1, maxLength: 6 },
)

test('what was seen of a signature merges to the same in any order and grouping', () => {
  fc.assert(
    fc.property(deltas, fc.array(fc.tuple(fc.nat(), fc.nat())), (list, picks) => {
      const straight = list.reduce(mergeSignature)
      const left = [...list]
      for (const [one, other] of [...picks, ...left.map(() => [0, 0] as const)]) {
        if (left.length === 1) break
        const [from] = left.splice(one % left.length, 1)
        const at = other % left.length
        left[at] = mergeSignature(from!, left[at]!)
      }
      expect(left).toEqual([straight])
      expect(straight).toMatchObject({
        firstSeen: Math.min(...list.map(({ firstSeen }) => firstSeen)),
        lastSeen: Math.max(...list.map(({ lastSeen }) => lastSeen)),
        count: list.reduce((sum, { count }) => sum + count, 0),
      })
    }),
  )
})

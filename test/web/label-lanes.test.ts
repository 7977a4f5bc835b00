/** Labels of deploy lines. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { placeLabels } from '../../src/web/label-lanes.ts'

test('labels that are far apart share the lane next to the plot', () => {
  expect(
    placeLabels(
      [
        { x: 10, width: 100, weight: 0 },
        { x: 400, width: 100, weight: 0 },
      ],
      1_000,
    ),
  ).toEqual([
    { lane: 0, left: 10 },
    { lane: 0, left: 400 },
  ])
})

test('of colliding labels the weightier one is next to the plot', () => {
  expect(
    placeLabels(
      [
        { x: 300, width: 100, weight: 0 },
        { x: 310, width: 100, weight: 2 },
        { x: 320, width: 100, weight: 0 },
        { x: 330, width: 100, weight: 0 },
      ],
      1_000,
    ),
  ).toEqual([
    { lane: null, left: 300 },
    { lane: 0, left: 310 },
    { lane: 2, left: 320 },
    { lane: 1, left: 330 },
  ])
})

test('a label at the right edge is pushed back into the plot', () => {
  expect(placeLabels([{ x: 980, width: 100, weight: 0 }], 1_000)).toEqual([{ lane: 0, left: 900 }])
})

test('no label covers another', () => {
  const wish = fc.record({
    x: fc.integer({ min: 0, max: 1_000 }),
    width: fc.integer({ min: 1, max: 300 }),
    weight: fc.integer({ min: 0, max: 2 }),
  })
  fc.assert(
    fc.property(fc.array(wish, { maxLength: 30 }), (wishes) => {
      const placed = placeLabels(wishes, 1_000).flatMap(({ lane, left }, index) =>
        lane === null ? [] : [{ lane, left, right: left + (wishes[index]?.width ?? 0) }],
      )
      for (const [index, a] of placed.entries()) {
        for (const b of placed.slice(index + 1)) {
          expect(a.lane !== b.lane || a.right <= b.left || b.right <= a.left).toBe(true)
        }
      }
    }),
  )
})

/** States of sources. */
import { expect, test } from 'vitest'
import { sourceState } from '../../src/web/sources.ts'

test.each([
  ['blind', { fault: 'permission denied', lagSeconds: 2 }],
  ['idle', { fault: null, lagSeconds: null }],
  ['idle', { fault: null, lagSeconds: 61 }],
  ['live', { fault: null, lagSeconds: 60 }],
])('is %s: %o', (state, source) => {
  expect(sourceState(source)).toBe(state)
})

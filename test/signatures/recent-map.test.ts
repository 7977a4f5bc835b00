import { expect, test } from 'vitest'
import { RecentMap } from '../../src/signatures/recent-map.ts'

test('keeps what was used last, and forgets what was not', () => {
  const map = new RecentMap<number>(3)
  for (const [n, key] of [...'abc'].entries()) map.set(key, n)
  map.set('d', 3)
  expect(map.get('a')).toBe(0)
  map.set('e', 4)
  map.set('f', 5)
  expect([...'abcdef'].map((key) => map.get(key))).toEqual([0, undefined, undefined, 3, 4, 5])
})

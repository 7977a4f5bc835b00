import { expect, test } from 'vitest'
import { LineRates } from '../../src/daemon/line-rates.ts'

test('a rate is that of the last 10 to 20 seconds, however long nothing came before', () => {
  const partition = { partition: '/a.log', lines: 1_000 }
  const rates = new LineRates(() => [partition], 0)
  expect(rates.of(partition, 0)).toBe(0)
  for (let second = 1; second <= 3_600; second++) rates.tick(second * 1_000)
  partition.lines += 500
  // Compared with the sample before the last, of 3,590 s.
  expect(rates.of(partition, 3_605_000)).toBe(33.3)
  rates.tick(3_610_000)
  expect(rates.of(partition, 3_610_000)).toBe(50)
  rates.tick(3_620_000)
  expect(rates.of(partition, 3_620_000)).toBe(0)
})

test('a partition that has just appeared counts from its first line', () => {
  const rates = new LineRates(() => [], 0)
  expect(rates.of({ partition: '/new.log', lines: 30 }, 4_000)).toBe(7.5)
})

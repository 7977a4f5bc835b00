import { expect, test } from 'vitest'
import { cpuSeconds, parseCpuSeconds, parseMemory, residentMemory } from '../../bench/proc.ts'

test('CPU time is found behind a name with spaces and brackets', () => {
  const stat = '42 (a) b (c) S 1 42 42 0 -1 4194304 9 0 0 0 250 50 7 7 20 0 11 0 99 1 2 3'
  expect(parseCpuSeconds(stat)).toBe(3)
})

test('memory is read in MiB', () => {
  const status = 'Name:\tnode\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\nThreads:\t11\n'
  expect(parseMemory(status)).toEqual({ now: 100, peak: 200 })
})

test('this very process has used time and memory', () => {
  expect(cpuSeconds(process.pid)).toBeGreaterThan(0)
  expect(residentMemory(process.pid).peak).toBeGreaterThanOrEqual(
    residentMemory(process.pid).now - 1,
  )
})

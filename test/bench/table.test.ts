import { expect, test } from 'vitest'
import { costTable, markdown } from '../../bench/table.ts'

test('a table of costs names the reference and shows least, middle and greatest', () => {
  const script = {
    name: 'script',
    costs: [
      { cpu: 1, wall: 1.5, memory: 60 },
      { cpu: 2, wall: 2.5, memory: 64 },
    ],
  }
  const program = {
    name: 'program',
    costs: [
      { cpu: 4, wall: 4, memory: 100 },
      { cpu: 4, wall: 5, memory: 90 },
    ],
  }
  const input = { bytes: 30e6, lines: 300_000 }
  expect(markdown(costTable([script, program], 'script', input))).toBe(
    [
      '| program | CPU, ratio to script | CPU s | wall s | MB a CPU second | million lines a CPU second | peak MiB |',
      '| --- | --- | --- | --- | --- | --- | --- |',
      '| script | 1.00 (1.00–1.00) | 1.50 (1.00–2.00) | 2.00 | 20 | 0.20 | 64 |',
      '| program | 3.00 (2.00–4.00) | 4.00 (4.00–4.00) | 4.50 | 8 | 0.07 | 100 |',
    ].join('\n'),
  )
})

test('a program too fast for the clock has a dash for its rate', () => {
  const fast = { name: 'fast', costs: [{ cpu: 0, wall: 0, memory: 1 }] }
  const { rows } = costTable([fast], 'fast', { bytes: 1e6, lines: 1_000 })
  expect(rows[0]?.slice(4, 6)).toEqual(['–', '–'])
})

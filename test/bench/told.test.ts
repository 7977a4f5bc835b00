import { expect, test } from 'vitest'
import { differences } from '../../bench/told.ts'

const truth = { counts: { '200': 90, '404': 9 }, unparsed: 1, panes: 3 }

test('those who tell the same differ in nothing, whatever they leave unsaid', () => {
  expect(differences('same', truth, truth)).toEqual([])
  expect(differences('wc', { lines: 100 }, truth)).toEqual([])
  expect(differences('rg', { matched: 99 }, truth)).toEqual([])
  expect(differences('mtail', { counts: { '404': 9, '200': 90 } }, truth)).toEqual([])
})

test('a wrong number is said with what it should be', () => {
  expect(differences('wc', { lines: 99 }, truth)).toEqual(['wc tells 99 lines, not 100'])
  expect(differences('rg', { matched: 100 }, truth)).toEqual(['rg tells 100 matched, not 99'])
  expect(differences('ours', { ...truth, panes: 4 }, truth)).toEqual(['ours tells 4 panes, not 3'])
})

test('a wrong, a missing and a surplus count are found', () => {
  const counts = { '200': 91, '500': 1 }
  expect(differences('ours', { counts }, truth)).toEqual([
    'ours counts 91 of 200, not 90',
    'ours counts 0 of 404, not 9',
    'ours counts 1 of 500, not 0',
  ])
})

test('what is known to be counted in another way is left out, and nothing else', () => {
  const told = { counts: { '200': 91, '404': 8 }, leftOut: ['200'] }
  expect(differences('goaccess', told, truth)).toEqual(['goaccess counts 8 of 404, not 9'])
})

import { expect, test } from 'vitest'
import { toLevel } from '../../src/parsers/levels.ts'

test.each([
  ['emerg', 'emerg'],
  ['PANIC', 'emerg'],
  ['alert', 'alert'],
  ['fatal', 'crit'],
  ['Critical', 'crit'],
  ['ERR', 'error'],
  ['error', 'error'],
  ['Warning', 'warn'],
  ['notice', 'notice'],
  ['INFORMATION', 'info'],
  ['trace8', 'debug'],
  ['verbose', 'debug'],
  ['trace9', null],
  ['constructor', null],
  ['', null],
] as const)('the word %j is %j', (word, level) => {
  expect(toLevel(word)).toBe(level)
})

test.each([
  [0, 'emerg'],
  [3, 'error'],
  [7, 'debug'],
  [10, 'debug'],
  [30, 'info'],
  [40, 'warn'],
  [60, 'crit'],
  [250, 'notice'],
  [600, 'emerg'],
  [8, null],
  [35, null],
] as const)('the number %j is %j', (number, level) => {
  expect(toLevel(number)).toBe(level)
})

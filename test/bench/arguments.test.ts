import { expect, test } from 'vitest'
import { readArguments, sizeOptions } from '../../bench/arguments.ts'

const known = ['parse-and-count', 'latency', 'memory']

test('without arguments every benchmark runs at its own size', () => {
  expect(readArguments([], known)).toEqual({
    names: known,
    settings: { quick: false, lines: null, rounds: null },
    json: null,
    keep: false,
  })
})

test('names choose, and run in the order of the list', () => {
  const line = ['memory', '--quick', 'parse-and-count', '--lines', '5000', '--rounds', '2']
  expect(readArguments([...line, '--json', 'out.json', '--keep'], known)).toEqual({
    names: ['parse-and-count', 'memory'],
    settings: { quick: true, lines: 5_000, rounds: 2 },
    json: 'out.json',
    keep: true,
  })
})

test('what is wrong is said', () => {
  expect(() => readArguments(['parse'], known)).toThrow(
    'no benchmark is named parse; there are parse-and-count, latency, memory',
  )
  expect(() => readArguments(['--lines', 'many'], known)).toThrow(
    '--lines takes a whole number from 1, not many',
  )
  expect(() => readArguments(['--rounds', '0'], known)).toThrow(
    '--rounds takes a whole number from 1, not 0',
  )
  expect(() => readArguments(['--fast'], known)).toThrow("Unknown option '--fast'")
})

test('a kept result can name the options that it was taken with', () => {
  const line = ['--rounds', '2', '--quick', '--keep', '--lines', '5000']
  const { settings } = readArguments(line, known)
  expect(sizeOptions(settings)).toEqual(['--quick', '--lines', '5000', '--rounds', '2'])
})

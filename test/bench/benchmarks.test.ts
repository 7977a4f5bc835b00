import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { benchmarks } from '../../bench/benchmarks.ts'

const folder = new URL('../../bench/', import.meta.url)
const files = readdirSync(folder).filter((name) => name.endsWith('.bench.ts'))

test('every benchmark is listed under the name of its file', () => {
  expect(benchmarks.map(({ name }) => `${name}.bench.ts`).sort()).toEqual(files.sort())
})

test('every benchmark is described in the README', () => {
  const text = readFileSync(new URL('README.md', folder), 'utf8')
  expect(benchmarks.filter(({ name }) => !text.includes(`### ${name}\n`))).toEqual([])
})

test('every benchmark asks a question', () => {
  expect(benchmarks.filter(({ question }) => !question.endsWith('?'))).toEqual([])
})

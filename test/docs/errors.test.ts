/** docs/errors.md says what model/errors.ts says: every code, and none that does not exist. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { root } from '../../docs/generate.ts'
import { errorCodes } from '../../src/model/errors.ts'

const page = readFileSync(`${root}docs/errors.md`, 'utf8')
const rowsOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.slice(1, -1).split('|').map((cell) => cell.trim())) // prettier-ignore
const codesOf = (text: string) =>
  rowsOf(text).filter(([first = '']) => /^[A-Z]+(_[A-Z]+)*$/.test(first))
const rows = rowsOf(page)
const codes = codesOf(page)

/** Rows that only one of the two has: a code, its exit status, whether to try again, its meaning. */
function differences(text: string, known: Readonly<Record<string, readonly unknown[]>>): string[] {
  const told = codesOf(text).map((cells) => cells.slice(0, 4).join(' | '))
  const meant = Object.entries(known).map(([code, [exit, retryable, meaning]]) =>
    [code, exit, retryable === true ? 'yes' : 'no', meaning].join(' | '),
  )
  return [
    ...meant.filter((row) => !told.includes(row)).map((row) => `not in the docs: ${row}`),
    ...told.filter((row, at) => !meant.includes(row) || told.indexOf(row) !== at),
  ]
}

const statuses = rows.filter(([first = '']) => /^\d/.test(first))

it('lists each code once, with its exit status, whether to try again, and its meaning', () => {
  expect(differences(page, errorCodes)).toEqual([])
})

it('a code that is missing, one that does not exist and one told twice are found', () => {
  const text = '| A | 1 | no | a | x |\n| A | 1 | no | a | x |\n| GONE | 2 | yes | g | x |\n'
  const known = { A: [1, false, 'a'], NEW: [2, true, 'n'] }
  expect(differences(text, known)).toEqual([
    'not in the docs: NEW | 2 | yes | n',
    'A | 1 | no | a',
    'GONE | 2 | yes | g',
  ])
})

it('says what to do about each', () => {
  expect(codes.filter(([, , , , advice = '']) => advice === '')).toEqual([])
})

it('lists the exit statuses that --help lists, in the same words', () => {
  const help = readFileSync(`${root}src/cli.ts`, 'utf8').match(/Exit status:\n([\s\S]*?)\n\n/)?.[1]
  const told = help?.split('\n').map((line) => line.trim().split(/ {2,}/))
  expect(told).toEqual(statuses.filter(([status = '']) => /^\d$/.test(status)))
})

it('has an exit status for every code', () => {
  const listed = statuses.map(([status]) => status)
  const used = new Set(Object.values(errorCodes).map(([exit]) => String(exit)))
  expect([...used].filter((exit) => !listed.includes(exit))).toEqual([])
})

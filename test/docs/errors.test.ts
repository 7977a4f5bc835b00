/** docs/errors.md says what model/errors.ts says: every code, and none that does not exist. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { root } from '../../docs/generate.ts'
import { errorCodes } from '../../src/model/errors.ts'

const page = readFileSync(`${root}docs/errors.md`, 'utf8')
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) => line.slice(1, -1).split('|').map((cell) => cell.trim())) // prettier-ignore
const codes = rows.filter(([first = '']) => /^[A-Z]+(_[A-Z]+)*$/.test(first))
const statuses = rows.filter(([first = '']) => /^\d/.test(first))

it('lists each code once, with its exit status, whether to try again, and its meaning', () => {
  const documented = codes.map(([code, exit, again, meaning]) => [code, exit, again, meaning])
  const known = Object.entries(errorCodes).map(([code, [exit, retryable, meaning]]) => {
    return [code, String(exit), retryable ? 'yes' : 'no', meaning]
  })
  expect(documented.sort()).toEqual(known.sort())
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

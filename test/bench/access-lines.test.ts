import { expect, test } from 'vitest'
import { madeSample, steadyAccess } from '../../bench/access-lines.ts'
import { rowKind } from '../../src/model/columns.ts'
import { shippedParser } from '../parsers/shipped.ts'

/** 2026-11-23T14:02:11Z */
const endsAt = 1_795_442_531
const steady = { lines: 5_000, linesPerSecond: 100, endsAt, brokenSeconds: 10 }

function parsed(text: string) {
  return shippedParser('apache_combined').parse(Buffer.from(text), { zone: 'UTC', open: false })
}

test('of the made sample all lines but the one that is cut off can be parsed', () => {
  const lines = madeSample()
  expect(lines.length).toBe(10_000)
  const columns = parsed(`${lines.join('\n')}\n`)
  const kinds = Array.from({ length: columns.rows }, (_, row) => columns.kind[row])
  expect(kinds.filter((kind) => kind === rowKind.event).length).toBe(9_999)
  expect(kinds.at(-1)).toBe(rowKind.unparsed)
  expect(madeSample()).toEqual(lines)
})

test('a steady log has so many lines in each second and ends when it should', () => {
  const seconds = [...steadyAccess(madeSample(), steady)]
  expect(seconds.length).toBe(50)
  const { time, rows } = parsed(seconds.join(''))
  expect(rows).toBe(5_000)
  for (let row = 0; row < rows; row++) {
    expect(time[row]).toBe((endsAt - 49 + Math.floor(row / 100)) * 1_000)
  }
})

test('every other request fails for the seconds in the middle, and not before or after', () => {
  const seconds = [...steadyAccess(madeSample(), steady)]
  const failed = seconds.map((text) => {
    const { fields, rows } = parsed(text)
    const status = fields.get('status')
    return Array.from({ length: rows }, (_, row) => status?.number(row)).filter((is) => is === 503)
      .length
  })
  expect(failed.map((count) => (count === 0 ? 'well' : count))).toEqual([
    ...new Array<string>(20).fill('well'),
    ...new Array<number>(10).fill(50),
    ...new Array<string>(20).fill('well'),
  ])
})

test('a number of lines that fills no whole second is kept to', () => {
  const seconds = [...steadyAccess(madeSample(), { ...steady, lines: 250, brokenSeconds: 0 })]
  expect(seconds.map((text) => text.split('\n').length - 1)).toEqual([100, 100, 50])
})

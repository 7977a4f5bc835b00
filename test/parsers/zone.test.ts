import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isZone, machineZone, wallToUtc } from '../../src/parsers/zone.ts'

const inZone = (wall: string, zone: string) =>
  new Date(wallToUtc(Date.parse(`${wall}Z`), zone)).toISOString().slice(0, 16)

/** What clocks in a zone show at a moment, by another way than the one under test. */
function wallAt(utc: number, zone: string): number {
  const text = new Date(utc).toLocaleString('sv-SE', { timeZone: zone })
  return Date.parse(`${text.replace(' ', 'T')}Z`)
}

describe('zones', () => {
  test('are known by their IANA names', () => {
    expect(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'EST'].map(isZone)).toEqual([
      true,
      true,
      true,
      true,
    ])
    const strange = [
      'Mars/Olympus',
      '',
      '+01:00',
      'constructor',
      'a'.repeat(1_000),
      'Europe/Berl\n',
    ]
    expect(strange.filter(isZone)).toEqual([])
  })

  test("the machine's own is one of them", () => {
    expect(isZone(machineZone())).toBe(true)
  })

  test.each([
    ['2026-11-23T14:02', 'Europe/Berlin', '2026-11-23T13:02'],
    ['2026-07-01T14:02', 'Europe/Berlin', '2026-07-01T12:02'],
    ['2026-11-23T14:02', 'America/New_York', '2026-11-23T19:02'],
    ['2026-11-23T14:02', 'Asia/Kathmandu', '2026-11-23T08:17'],
    ['2026-11-23T14:02', 'UTC', '2026-11-23T14:02'],
  ])('%s in %s is %s UTC', (wall, zone, utc) => {
    expect(inZone(wall, zone)).toBe(utc)
  })

  test('a wall time that comes twice is its first moment', () => {
    expect(inZone('2026-10-25T02:00', 'Europe/Berlin')).toBe('2026-10-25T00:00')
    expect(inZone('2026-10-25T02:59', 'Europe/Berlin')).toBe('2026-10-25T00:59')
    expect(inZone('2026-10-25T03:00', 'Europe/Berlin')).toBe('2026-10-25T02:00')
  })

  test('a wall time that is skipped lies as far after the gap as behind its start', () => {
    expect(inZone('2026-03-29T01:59', 'Europe/Berlin')).toBe('2026-03-29T00:59')
    expect(inZone('2026-03-29T02:30', 'Europe/Berlin')).toBe('2026-03-29T01:30')
    expect(inZone('2026-03-29T03:00', 'Europe/Berlin')).toBe('2026-03-29T01:00')
  })

  test("Lord Howe's half hour is kept", () => {
    expect(inZone('2026-10-04T01:59', 'Australia/Lord_Howe')).toBe('2026-10-03T15:29')
    expect(inZone('2026-10-04T02:30', 'Australia/Lord_Howe')).toBe('2026-10-03T15:30')
    expect(inZone('2026-04-05T01:45', 'Australia/Lord_Howe')).toBe('2026-04-04T14:45')
  })

  test('an unknown zone gives no time', () => {
    expect(wallToUtc(0, 'Mars/Olympus')).toBe(NaN)
  })

  test('what clocks show at the moment found is the wall time asked for, or lies in a gap', () => {
    const zone = fc.constantFrom(
      'Europe/Berlin',
      'America/St_Johns',
      'Australia/Lord_Howe',
      'Asia/Kolkata',
    )
    const minute = fc.integer({ min: 25_000_000, max: 31_000_000 })
    fc.assert(
      fc.property(zone, minute, (name, minutes) => {
        const wall = minutes * 60_000
        const utc = wallToUtc(wall, name)
        const shown = wallAt(utc, name)
        if (shown !== wall) {
          // In a gap: no moment within a day shows it, and clocks have gone forward before it.
          expect(shown - wall).toBeGreaterThan(0)
          expect(wallAt(utc - (shown - wall), name)).toBeLessThan(wall)
        } else expect(wallAt(utc - 3_600_000, name)).not.toBe(wall)
      }),
      { numRuns: 300 },
    )
  })
})

/** Silences over a real store: what may be asked for, what is muted when, and what a restart keeps. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readSilence } from '../../src/alerts/silence-report.ts'
import { Silences } from '../../src/alerts/silences.ts'
import { ManualClock } from '../../src/flow/time.ts'
import { LastpushError } from '../../src/model/errors.ts'
import { openTemporaryState, type TemporaryState } from '../../src/store/sqlite.ts'
import { alertOf } from './alert-of.ts'

const t0 = Date.UTC(2026, 10, 23, 12)
const asked = { query: 'service:web', by: 'alice', comment: 'moving the database' }

describe('a report', () => {
  test('starts now and ends after its length', () => {
    expect(readSilence({ ...asked, for: '1h30m' }, t0)).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}$/) as string,
      query: 'service:web',
      startsAt: '2026-11-23T12:00:00.000Z',
      endsAt: '2026-11-23T13:30:00.000Z',
      by: 'alice',
      comment: 'moving the database',
    })
  })

  test('or names both of its times, in any zone', () => {
    const given = { startsAt: '2026-11-23T20:00:00+01:00', endsAt: '2026-11-24T06:00Z' }
    expect(readSilence({ ...asked, ...given }, t0)).toMatchObject({
      startsAt: '2026-11-23T19:00:00.000Z',
      endsAt: '2026-11-24T06:00:00.000Z',
    })
  })

  test.each([
    ['no query', { by: 'a', comment: 'b', for: '1h' }, 'query: say which alerts'],
    ['no end', asked, 'endsAt: give either endsAt or for: a silence always ends'],
    ['two ends', { ...asked, for: '1h', endsAt: '2026-11-24T00:00:00Z' }, 'give either endsAt or for'], // prettier-ignore
    ['no reason', { ...asked, comment: ' ', for: '1h' }, 'comment: say why'],
    ['a query that cannot be read', { ...asked, query: 'service:(', for: '1h' }, 'query: '],
    ['an end in the past', { ...asked, startsAt: '2026-11-23T10:00:00Z', endsAt: '2026-11-23T11:00:00Z' }, 'endsAt: is over already'], // prettier-ignore
    ['an end before its start', { ...asked, startsAt: '2026-11-24T10:00:00Z', endsAt: '2026-11-24T09:00:00Z' }, 'endsAt: lies before the start'], // prettier-ignore
    ['a time without a zone', { ...asked, endsAt: '2026-11-24T09:00:00' }, 'endsAt: give RFC 3339 with a zone'], // prettier-ignore
    ['a length that is none', { ...asked, for: 'a while' }, 'for: give a duration'],
    ['100 days', { ...asked, for: '100d' }, 'endsAt: lies more than 90 days after the start'],
    ['a misspelt field', { ...asked, for: '1h', ends: 'x' }, 'ends: is no field of a silence'],
    ['no object', 'service:web', 'give an object'],
    ['a control character', { ...asked, by: 'a\u001b[2J', for: '1h' }, 'by: give a text without control'], // prettier-ignore
  ])('with %s is refused', (_, report, said) => {
    expect(() => readSilence(report, t0)).toThrow(said)
    expect(() => readSilence(report, t0)).toThrow(LastpushError)
  })
})

describe('silences', () => {
  let store: TemporaryState
  let clock: ManualClock
  let silences: Silences
  beforeEach(async () => {
    store = await openTemporaryState()
    clock = new ManualClock(t0)
    silences = new Silences(store.state, clock)
  })
  afterEach(() => store.close())

  test('mute from their start until their end', async () => {
    await silences.add({ ...asked, startsAt: '2026-11-23T12:10:00Z', for: '10m' })
    const muted = () => silences.mutedBy(alertOf({}))?.by ?? null
    expect(muted()).toBeNull()
    clock.advance(600_000)
    expect(muted()).toBe('alice')
    clock.advance(599_999)
    expect(muted()).toBe('alice')
    clock.advance(1)
    expect(muted()).toBeNull()
  })

  test.each([
    ['service:web', true],
    ['service:api', false],
    ['rule:error-burst AND severity:page', true],
    ['rule:error-* AND NOT env:production', false],
    ['*', true],
  ])('mute what their query picks: %s', async (query, expected) => {
    await silences.add({ ...asked, query, for: '1h' })
    expect(silences.mutedBy(alertOf({})) !== null).toBe(expected)
  })

  test('of two the one that ends last is told', async () => {
    await silences.add({ ...asked, for: '2h' })
    await silences.add({ ...asked, by: 'bob', for: '1h' })
    expect(silences.mutedBy(alertOf({}))?.by).toBe('alice')
  })

  test('end early when somebody says so, and only once', async () => {
    const { id } = await silences.add({ ...asked, for: '1h' })
    clock.advance(60_000)
    expect(await silences.end(id)).toMatchObject({ endsAt: '2026-11-23T12:01:00.000Z' })
    clock.advance(60_000)
    expect(await silences.end(id)).toMatchObject({ endsAt: '2026-11-23T12:01:00.000Z' })
    expect(silences.mutedBy(alertOf({}))).toBeNull()
    await expect(silences.end('nosuch')).rejects.toThrow('no silence "nosuch" is known')
  })

  test('ended before they began never were active', async () => {
    const { id } = await silences.add({ ...asked, startsAt: '2026-11-24T00:00:00Z', for: '1h' })
    expect(await silences.end(id)).toMatchObject({
      startsAt: '2026-11-23T12:00:00.000Z',
      endsAt: '2026-11-23T12:00:00.000Z',
    })
  })

  test('are kept over a restart, and forgotten 30 days after their end', async () => {
    const first = await silences.add({ ...asked, for: '1h' })
    clock.advance(31 * 86_400_000)
    const second = await silences.add({ ...asked, for: '1h' })
    const restarted = new Silences(store.state, clock)
    await restarted.restore()
    expect(first.id).not.toBe(second.id)
    expect(restarted.list()).toEqual([second])
  })

  test('are at most a thousand', { timeout: 60_000 }, async () => {
    for (let n = 0; n < 1_000; n++) await silences.add({ ...asked, comment: `no ${n}`, for: '1h' })
    await expect(silences.add({ ...asked, for: '1h' })).rejects.toThrow('there are 1000 silences')
  })
})

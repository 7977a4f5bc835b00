import { describe, expect, test } from 'vitest'
import { readReport } from '../../src/deploys/report.ts'
import { LastpushError } from '../../src/model/errors.ts'

const now = Date.UTC(2026, 10, 23, 14, 2, 11, 750)
const read = (report: unknown) => readReport(report, { env: 'production' }, now)

function faultOf(report: unknown, nowMs: number | null = now): string {
  try {
    readReport(report, { env: 'production' }, nowMs)
  } catch (error) {
    if (error instanceof LastpushError && error.code === 'DEPLOY_INVALID') return error.message
    throw error
  }
  return 'accepted'
}

describe('readReport', () => {
  test('fills in all that a bare SHA leaves out, at the whole second', () => {
    expect(read({ sha: '3B77D0C5AE' })).toEqual({
      id: 'f7ac7fcec693759b',
      sha: '3b77d0c5ae',
      previous: null,
      env: 'production',
      service: null,
      by: null,
      url: null,
      start: '2026-11-23T14:02:11.000Z',
      end: '2026-11-23T14:02:11.000Z',
      kind: 'push',
      status: 'done',
    })
  })

  test('keeps every field that is given', () => {
    const report = {
      sha: 'v2.1.0-rc+5',
      previous: 'v2.0.9',
      env: 'staging',
      service: 'checkout',
      by: 'alice',
      url: 'https://ci.example.com/42',
      start: '2026-11-23T13:59:00.900+01:00',
      end: 1_795_442_531,
      kind: 'config',
      status: 'failed',
      id: 'build-42',
    }
    expect(read(report)).toEqual({
      ...report,
      start: '2026-11-23T12:59:00.000Z',
      end: '2026-11-23T14:02:11.000Z',
    })
  })

  test('reads its own answer back unchanged, running ones too', () => {
    const first = read({ sha: '3b77d0c5ae', status: 'running', service: 'web' })
    expect(first.end).toBe(null)
    expect(readReport(JSON.parse(JSON.stringify(first)), { env: 'other' }, null)).toEqual(first)
  })

  test('gives the same report the same id, and another one when env, service, second or SHA differ', () => {
    const base = { sha: '3b77d0c5ae', env: 'a', service: 'b', start: 1_000 }
    const id = read(base).id
    expect(read({ ...base, start: '1970-01-01T00:16:40.999Z', by: 'bob' }).id).toBe(id)
    const others = [{ sha: '3b77d0c5af' }, { env: 'ab' }, { service: 'c' }, { start: 1_001 }]
    const ids = others.map((other) => read({ ...base, ...other }).id)
    expect(new Set([id, ...ids]).size).toBe(5)
  })

  test('starts at the end when only an end in the past is given', () => {
    expect(read({ sha: 'abcd', end: 1_000 }).start).toBe('1970-01-01T00:16:40.000Z')
  })

  test('takes epoch seconds as text, as a shell gives them', () => {
    expect(read({ sha: 'abcd', start: '1795442340' }).start).toBe('2026-11-23T13:59:00.000Z')
  })

  test.each([
    [{}, 'sha: is missing: give 4 to 64 characters'],
    [{ sha: null }, 'sha: is missing'],
    [{ sha: 'abc' }, 'sha: give 4 to 64 characters'],
    [{ sha: '-abcd' }, 'sha: give 4 to 64 characters'],
    [{ sha: 1234567 }, 'sha: give 4 to 64 characters'],
    [{ sha: 'a'.repeat(65) }, 'sha: give 4 to 64 characters'],
    [{ sha: 'abcd', env: '  ' }, 'env: is empty'],
    [{ sha: 'abcd', service: 'a\nb' }, 'service: give a text without control characters'],
    [{ sha: 'abcd', url: 'javascript:alert(1)' }, 'url: give an address that begins with http'],
    [{ sha: 'abcd', start: '2026-11-23 14:02:11' }, 'start: give RFC 3339 with a zone'],
    [{ sha: 'abcd', start: '2026-13-45T14:02:11Z' }, 'start: give RFC 3339 with a zone'],
    [{ sha: 'abcd', start: 1_795_442_340_000 }, 'start: give RFC 3339 with a zone, such as'],
    [{ sha: 'abcd', start: true }, 'start: give RFC 3339 with a zone'],
    [{ sha: 'abcd', start: 2_000, end: 1_000 }, 'end: lies before start'],
    [{ sha: 'abcd', status: 'running', end: 4_000_000_000 }, 'status: is running though'],
    [{ sha: 'abcd', kind: 'hotfix' }, 'kind: give push, rollback or config'],
    [{ sha: 'abcd', status: 'ok' }, 'status: give running, done or failed'],
    [{ sha: 'abcd', id: 'a b' }, 'id: give 1 to 100'],
    [{ sha: 'abcd', enviroment: 'x' }, 'enviroment: is no field of a deploy: give only sha,'],
    ['abcd', 'give an object with at least a sha'],
    [null, 'give an object with at least a sha'],
  ])('refuses %j and says what to do', (report, message) => {
    expect(faultOf(report)).toContain(message)
  })

  test('names all faults at once, each with its field', () => {
    expect(faultOf({ sha: 'abc', kind: 'x' })).toMatch(/sha: .*; kind: /)
  })

  test('asks for a start where there is no present', () => {
    expect(faultOf({ sha: 'abcd' }, null)).toContain('start: is missing')
  })
})

test('a start may be ahead by as much as clocks differ, and not by more', () => {
  const startAt = (aheadMs: number) => ({ sha: '3b77d0c5ae', start: new Date(now + aheadMs).toISOString() }) // prettier-ignore
  expect(faultOf(startAt(299_000))).toBe('accepted')
  expect(faultOf(startAt(302_000))).toBe(
    'deploy report: start: lies more than 5 minutes ahead: give the time at which the code went out, or set the clock right',
  )
})

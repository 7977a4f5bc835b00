import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LastpushError } from '../../src/model/errors.ts'
import { writeCursor } from '../../src/server/cursor.ts'
import { badPush, firing } from '../receivers/samples.ts'
import { codeOf, Harness, messageOf, nowMs, silenceRow, takenSilence } from './harness.ts'

let harness: Harness
beforeEach(async () => {
  harness = await new Harness().start()
})
afterEach(() => harness.server.close())

test.each([
  ['alerts', [firing]],
  ['deploys', [badPush]],
  ['signatures', []],
  ['since', { deploy: badPush, state: 'early', sources: [], items: [] }],
  ['rates', { from: '', to: '', step: 1, times: [], requests: [], errors: [] }],
  ['events', { events: [], total: 0, next: null }],
  ['silences', [silenceRow]],
])('answers /api/v1/%s with what the view says, not to be cached', async (name, expected) => {
  const answer = await harness.ask(`/api/v1/${name}`)
  expect(answer.status).toBe(200)
  expect(JSON.parse(answer.text)).toEqual(expected)
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
  expect(answer.headers['cache-control']).toBe('no-store')
})

test('answers the status', async () => {
  const answer = await harness.ask('/api/v1/status')
  expect(JSON.parse(answer.text)).toMatchObject({ version: '0.1.0', store: { schemaVersion: 1 } })
})

describe('parameters', () => {
  const from = nowMs - 3_600_000

  test.each([
    ['alerts', 'alerts', {}],
    ['alerts?state=firing&limit=10000', 'alerts', { state: 'firing', limit: 10_000 }],
    ['deploys?limit=1', 'deploys', { limit: 1 }],
    ['silences?state=active', 'silences', { state: 'active' }],
    ['signatures?limit=7', 'signatures', { limit: 7 }],
    ['since?deploy=d1&service=web', 'since', { deploy: 'd1', service: 'web' }],
    ['rates', 'rates', { from, to: nowMs, stepSeconds: 15 }],
    [
      'rates?from=2026-03-01T10:00:00Z&to=2026-03-01T13:00:00%2B02:00&step=60&env=production',
      'rates',
      { from: nowMs - 7_200_000, to: nowMs - 3_600_000, stepSeconds: 60, env: 'production' },
    ],
    ['events', 'events', {}],
    [
      'events?q=status:500+%22a%26b%22&from=2026-03-01T10:00:00Z&deploy=3b77d0c5ae&limit=1000',
      'events',
      { q: 'status:500 "a&b"', from: nowMs - 7_200_000, deploy: '3b77d0c5ae', limit: 1_000 },
    ],
    [
      `events?before=${writeCursor({ time: 7, partition: '/a é', position: 9 })}&q=`,
      'events',
      { q: '', before: { time: 7, partition: '/a é', position: 9 } },
    ],
    [
      'rates?from=2026-02-28T12:00:00.500Z',
      'rates',
      { from: nowMs - 86_399_500, to: nowMs, stepSeconds: 360 },
    ],
  ])('of %s reach the view checked', async (path, name, question) => {
    expect((await harness.ask(`/api/v1/${path}`)).status).toBe(200)
    expect(harness.view.asked).toEqual([[name, question]])
  })

  test.each([
    ['alerts?limit=0', 'limit must be from 1 to 10000'],
    ['alerts?limit=10001', 'limit must be from 1 to 10000'],
    ['alerts?limit=-1', 'limit must be a whole number from 1 to 10000'],
    ['alerts?limit=1e3', 'limit must be a whole number from 1 to 10000'],
    ['alerts?limit=NaN', 'limit must be a whole number from 1 to 10000'],
    ['alerts?limit=1&limit=2', 'limit may be given once'],
    ['alerts?sort=;', 'unknown parameter "sort"'],
    ['alerts?__proto__[x]=1', 'unknown parameter "__proto__[x]"'],
    ['alerts?__proto__=1', 'unknown parameter "__proto__"'],
    ['alerts?constructor=1', 'unknown parameter "constructor"'],
    ['alerts?stat=firing', 'unknown parameter "stat"; did you mean state?'],
    ['status?verbose', 'unknown parameter "verbose"'],
    ['since?deploy=', 'deploy is empty'],
    ['events?limit=1001', 'limit must be from 1 to 1000'],
    ['events?limit=1e9', 'limit must be a whole number from 1 to 1000'],
    ['events?sort=;', 'unknown parameter "sort"'],
    ['events?from=2026-03-01T10:00:00Z&to=2026-03-01T10:00:00Z', 'from must be before to'],
    ['events?before=7', 'before is not what an earlier answer gave as next'],
    ['events?before=WzEsIngiLCJ5Il0', 'before is not what an earlier answer gave as next'],
    [`events?before=${'a'.repeat(15_000)}`, 'before is not what an earlier answer gave as next'],
    ['rates?from=yesterday', 'from must be an RFC 3339 time such as 2026-01-31T12:00:00Z (write + as %2B)'], // prettier-ignore
    ['rates?from=2026-03-01T12:00:00', 'from must be an RFC 3339 time such as 2026-01-31T12:00:00Z (write + as %2B)'], // prettier-ignore
    ['rates?from=2026-99-99T12:00:00Z', 'from is no time of the calendar'],
    ['rates?from=2026-03-01T12:00:01Z', 'from must be before to'],
    ['rates?step=0', 'step must be from 1 to 86400'],
    ['rates?from=2026-02-01T00:00:00Z&step=1', 'from, to and step give more than 10000 points'],
  ])('%s is refused with a sentence', async (path, message) => {
    const answer = await harness.ask(`/api/v1/${path}`)
    expect([answer.status, codeOf(answer), messageOf(answer)]).toEqual([
      400,
      'PARAMETER_INVALID',
      message,
    ])
    expect(harness.view.asked).toEqual([])
  })

  test('alerts?state= takes the states only', async () => {
    expect((await harness.ask('/api/v1/alerts?state=gone')).status).toBe(400)
  })
})

describe('a silence', () => {
  const headers = { 'content-type': 'application/json' }

  test('is taken as it was posted', async () => {
    const body = '{"query":"service:web"}'
    const answer = await harness.ask('/api/v1/silences', { method: 'POST', headers, body })
    expect([answer.status, JSON.parse(answer.text)]).toEqual([201, takenSilence])
    expect(harness.view.asked).toEqual([['addSilence', { query: 'service:web' }]])
  })

  test('is ended by its id', async () => {
    const path = '/api/v1/silences/5f2c%2Fa1b/end'
    const answer = await harness.ask(path, { method: 'POST', headers, body: '{}' })
    expect([answer.status, JSON.parse(answer.text)]).toMatchObject([200, { state: 'ended' }])
    expect(harness.view.asked).toEqual([['endSilence', '5f2c/a1b']])
  })
})

describe('a deploy report', () => {
  test('is handed on as posted and answered with the deploy', async () => {
    const answer = await harness.postDeploy('{"sha":"3f2a9c1","extra":[1]}')
    expect([answer.status, JSON.parse(answer.text)]).toEqual([201, badPush])
    expect(harness.view.asked).toEqual([['report', { sha: '3f2a9c1', extra: [1] }]])
  })

  test('that is invalid is answered with every fault', async () => {
    const faults = [{ place: { file: 'body', field: 'sha' }, message: 'is missing' }]
    harness.view.onReport = () =>
      Promise.reject(new LastpushError('DEPLOY_INVALID', 'the report has 1 fault', { faults }))
    const answer = await harness.postDeploy('{}')
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      400,
      { error: { code: 'DEPLOY_INVALID', message: 'the report has 1 fault', faults } },
    ])
  })

  test.each([
    ['no JSON', '{"sha":'],
    ['nothing', ''],
    ['a prototype key', '{"sha":"3f2a9c1","__proto__":{"x":1}}'],
  ])('with %s is refused unseen', async (_name, body) => {
    const answer = await harness.postDeploy(body)
    expect([answer.status, codeOf(answer)]).toEqual([400, 'BAD_REQUEST'])
    expect(harness.view.asked).toEqual([])
  })
})

describe('failures', () => {
  test('that may pass are 503, with their code', async () => {
    harness.view.failure = new LastpushError('STORE_FULL', 'the disk is full')
    const answer = await harness.ask('/api/v1/alerts')
    expect([answer.status, codeOf(answer)]).toEqual([503, 'STORE_FULL'])
  })

  test('that nobody foresaw are logged and not told', async () => {
    harness.view.failure = new Error('/home/secret/path')
    const answer = await harness.ask('/api/v1/status')
    expect([answer.status, codeOf(answer)]).toEqual([500, 'INTERNAL'])
    expect(answer.text).not.toContain('secret')
    expect(harness.logged).toEqual(['a request failed inside'])
  })

  test.each(['/api', '/api/', '/api/v1', '/api/v2/alerts', '/api/v1/alerts/'])(
    '%s is a JSON 404',
    async (path) => {
      const answer = await harness.ask(path)
      expect([answer.status, codeOf(answer)]).toEqual([404, 'NOT_FOUND'])
    },
  )

  test('a POST to what can only be read is a JSON 404', async () => {
    const headers = { 'content-type': 'application/json' }
    const answer = await harness.ask('/api/v1/alerts', { method: 'POST', headers, body: '{}' })
    expect([answer.status, codeOf(answer)]).toEqual([404, 'NOT_FOUND'])
  })
})

describe('probes', () => {
  test('tell the metrics as Prometheus reads them', async () => {
    const answer = await harness.ask('/metrics')
    expect(answer.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(answer.text).toBe('# TYPE lastpush_lines_total counter\nlastpush_lines_total 7\n')
  })

  test.each(['healthy', 'ready'])('/-/%s is 200 when all is well', async (name) => {
    const answer = await harness.ask(`/-/${name}`)
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { ok: true, reasons: [] }])
  })

  test('say 503 and why when it is not', async () => {
    harness.view.shownHealth = { ok: false, reasons: ['the disk is full'] }
    harness.view.shownReadiness = { ok: false, reasons: ['still reading'] }
    const answers = [await harness.ask('/-/healthy'), await harness.ask('/-/ready')]
    expect(answers.map(({ status, text }) => [status, JSON.parse(text) as unknown])).toEqual([
      [503, { ok: false, reasons: ['the disk is full'] }],
      [503, { ok: false, reasons: ['still reading'] }],
    ])
  })
})

test('close may be called twice, and without listen', async () => {
  const unopened = new Harness()
  await unopened.server.close()
  await harness.server.close()
  await harness.server.close()
})

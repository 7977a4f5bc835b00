/** The answer in one sentence, for the situations a person meets. */
import { expect, test } from 'vitest'
import type { Alert } from '../../src/model/alert.ts'
import type { Deploy } from '../../src/model/deploy.ts'
import { type Facts, sentence, sentenceText } from '../../src/web/sentence.ts'

const bad = '3b77d0c5ae11f0a2c9d6e4b85a7f31c20d9e8b46'
const fix = 'c41d9e02b7a6653f8e10d2c94ba7715e03f6a8d2'

const badPush: Deploy = {
  id: 'd1',
  sha: bad,
  previous: null,
  env: 'production',
  service: 'web',
  by: 'alice',
  url: null,
  start: '2026-02-03T14:00:00.000Z',
  end: null,
  kind: 'push',
  status: 'done',
}
const fixPush: Deploy = {
  ...badPush,
  id: 'd2',
  sha: fix,
  by: 'bob',
  start: '2026-02-03T14:02:00.000Z',
}
const firing: Alert = {
  rule: 'errors-after-push',
  labels: { service: 'web' },
  state: 'firing',
  acknowledged: false,
  muted: false,
  nodata: false,
  startsAt: '2026-02-03T14:00:10.000Z',
  endsAt: null,
  sha: bad,
  deploy: 'd1',
  fixedBy: null,
  suspects: [],
  value: null,
  threshold: null,
  summary: '',
  samples: [],
  fingerprint: 'f1',
}

function said(facts: Partial<Facts>, secondsAfterPush = 41): string {
  const nowMs = Date.parse(badPush.start) + secondsAfterPush * 1_000
  return sentenceText(sentence({ alerts: [], deploys: [badPush], sources: null, nowMs, ...facts }))
}

test('names the service, the push, its author and its age', () => {
  expect(said({ alerts: [firing] })).toBe('web is failing since push 3b77d0c5ae by alice, 41 s ago')
})

test('leaves the age out of what is announced', () => {
  const facts = { alerts: [firing], deploys: [badPush], sources: null, nowMs: 0 }
  expect(sentenceText(sentence(facts), false)).toBe('web is failing since push 3b77d0c5ae by alice')
})

test('lists the services that one push broke, and counts the alerts of other causes', () => {
  const api = { ...firing, labels: { service: 'api' }, fingerprint: 'f2' }
  const other = { ...firing, sha: null, deploy: null, fingerprint: 'f3' }
  expect(said({ alerts: [other, firing, api] })).toBe(
    'api and web are failing since push 3b77d0c5ae by alice, 41 s ago; 1 other alert fires',
  )
})

test('names at most three services', () => {
  const alerts = ['a', 'b', 'c', 'd'].map((service) => ({ ...firing, labels: { service } }))
  expect(said({ alerts: alerts.slice(0, 3) })).toMatch(/^a, b and c are failing/)
  expect(said({ alerts })).toMatch(/^a, b and 2 more are failing/)
})

test('says the environment when it is not production', () => {
  const alert = { ...firing, labels: { service: 'web', env: 'staging' } }
  expect(said({ alerts: [alert] })).toMatch(/^web in staging is failing/)
})

test('says an unknown push as unknown', () => {
  const alert = { ...firing, sha: null, deploy: null }
  expect(said({ alerts: [alert], deploys: [] })).toBe(
    'web is failing and no push is known to be the cause, 31 s ago',
  )
})

test('prefers an alert that nobody has muted', () => {
  const muted = { ...firing, muted: true, fingerprint: 'f2', startsAt: '2026-02-03T14:00:20.000Z' }
  const open = { ...firing, labels: { service: 'api' }, sha: fix, deploy: 'd2', fingerprint: 'f3' }
  expect(said({ alerts: [muted, open], deploys: [badPush, fixPush] }, 130)).toMatch(
    /^api is failing since push c41d9e02b7 by bob, 10 s ago/,
  )
})

test('is quiet since the newest push', () => {
  expect(said({}, 725)).toBe('All quiet since push 3b77d0c5ae, 12 min ago')
  expect(said({ deploys: [] })).toBe('All quiet; no push is known yet')
})

test('says what the newest push has fixed', () => {
  const resolved = {
    ...firing,
    state: 'resolved' as const,
    endsAt: '2026-02-03T14:02:05.000Z',
    fixedBy: fix,
  }
  expect(said({ alerts: [resolved], deploys: [badPush, fixPush] }, 132)).toBe(
    'All quiet since push c41d9e02b7 by bob, 12 s ago, which fixed 3b77d0c5ae',
  )
})

test('does not call a site quiet that nobody watches', () => {
  const blind = { fault: 'permission denied', lagSeconds: null }
  const live = { fault: null, lagSeconds: 2 }
  expect(said({ sources: [] })).toBe('Nothing to watch: no source is configured')
  expect(said({ sources: [blind] })).toBe('Cannot tell: every source is blind')
  expect(said({ sources: [blind, live] })).toMatch(/^All quiet/)
})

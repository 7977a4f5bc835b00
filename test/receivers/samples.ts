/** Pages as the dispatcher makes them, for the tests of receivers. */
import type { Alert } from '../../src/model/alert.ts'
import type { Deploy } from '../../src/model/deploy.ts'
import type { Page } from '../../src/receivers/receiver.ts'

/** 2026-03-01T12:00:00Z, where the clock of most cases stands. */
export const nowMs = Date.UTC(2026, 2, 1, 12)

export const badPush: Deploy = {
  id: 'd1',
  sha: '3f2a9c1b7e4d5a6f8091a2b3c4d5e6f708192a3b',
  previous: '1111111111111111111111111111111111111111',
  env: 'production',
  service: 'web',
  by: 'alice',
  url: null,
  start: '2026-03-01T12:00:00.000Z',
  end: '2026-03-01T12:00:20.000Z',
  kind: 'push',
  status: 'done',
}

export const fix: Deploy = {
  ...badPush,
  id: 'd2',
  sha: '77ab34cd9012ef3456ab78cd90ef12ab34cd56ef',
  previous: badPush.sha,
  by: 'bob',
  start: '2026-03-01T12:10:00.000Z',
  end: null,
}

export const firing: Alert = {
  rule: 'error-regression',
  labels: { service: 'web', env: 'production', severity: 'page' },
  state: 'firing',
  acknowledged: false,
  muted: false,
  nodata: false,
  startsAt: '2026-03-01T12:00:05.000Z',
  endsAt: null,
  sha: badPush.sha,
  deploy: 'd1',
  fixedBy: null,
  suspects: [{ sha: badPush.sha, share: 1 }],
  value: 42.123456,
  threshold: 20,
  summary: 'status 500 went from 0.2 to 12 a minute',
  samples: ['127.0.0.1 - - [01/Mar/2026:12:00:05 +0000] "GET /cart HTTP/1.1" 500 12'],
  fingerprint: '0123456789abcdef',
}

export const resolved: Alert = {
  ...firing,
  state: 'resolved',
  endsAt: '2026-03-01T12:10:30.000Z',
  fixedBy: fix.sha,
}

export const firingPage: Page = {
  key: 'key-1',
  receiver: 'oncall',
  groupKey: 'group-1',
  groupLabels: { service: 'web' },
  reason: 'firing',
  status: 'firing',
  alerts: [firing],
  more: 0,
  deploys: new Map([['d1', badPush]]),
  fixes: new Map(),
  url: 'http://127.0.0.1:7077/?to=2026-03-01T12:01:00Z',
}

export const resolvedPage: Page = {
  ...firingPage,
  key: 'key-2',
  reason: 'resolved',
  status: 'resolved',
  alerts: [resolved],
  fixes: new Map([[fix.sha, fix]]),
}

/** The page with another push in the place of the bad one. */
export function since(page: Page, deploy: Partial<Deploy>): Page {
  return { ...page, deploys: new Map([['d1', { ...badPush, ...deploy }]]) }
}

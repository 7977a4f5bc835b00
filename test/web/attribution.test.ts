/** Alerts, the deploys they name, and how deploys are written. */
import { describe, expect, test } from 'vitest'
import type { Alert } from '../../src/model/alert.ts'
import type { Deploy } from '../../src/model/deploy.ts'
import {
  deployOf,
  newestFirst,
  newestStarted,
  roleOf,
  safeUrl,
  sameSha,
  shortSha,
} from '../../src/web/attribution.ts'

const deploy = (id: string, sha: string, start: string) =>
  ({ id, sha, start, kind: 'push' }) as Deploy
const alert = (facts: Partial<Alert>) =>
  ({ sha: null, deploy: null, fixedBy: null, ...facts }) as Alert

const first = deploy('d1', 'aaaaaaaaaaaaaaaa', '2026-02-03T14:00:00.000Z')
const second = deploy('d2', 'bbbbbbbbbbbbbbbb', '2026-02-03T15:00:00.000Z')
const again = deploy('d3', 'aaaaaaaaaaaaaaaa', '2026-02-03T16:00:00.000Z')
const all = [first, second, again]

test('deploys are listed newest first', () => {
  expect(newestFirst(all).map(({ id }) => id)).toEqual(['d3', 'd2', 'd1'])
})

test('the newest push is one that has started', () => {
  const nowMs = Date.parse('2026-02-03T15:30:00.000Z')
  expect(newestStarted(all, nowMs)?.id).toBe('d2')
  expect(newestStarted(all, 0)).toBeNull()
})

test('an alert names a deploy by its id, else by its SHA', () => {
  expect(deployOf(alert({ sha: first.sha, deploy: 'd1' }), all)?.id).toBe('d1')
  expect(deployOf(alert({ sha: 'aaaaaaaa' }), all)?.id).toBe('d3')
  expect(deployOf(alert({}), all)).toBeNull()
  expect(deployOf(alert({ sha: 'cccccccc' }), all)).toBeNull()
})

test('a deploy is bad when an alert names it, a fix when one ended by it, else good', () => {
  const alerts = [alert({ sha: first.sha, deploy: 'd1', fixedBy: second.sha })]
  expect(all.map((one) => roleOf(one, alerts, all))).toEqual(['bad', 'fix', 'good'])
})

test('a deploy that broke one thing and fixed another is bad', () => {
  const alerts = [alert({ deploy: 'd1', fixedBy: second.sha }), alert({ deploy: 'd2' })]
  expect(roleOf(second, alerts, all)).toBe('bad')
})

describe('SHAs', () => {
  test('are equal when one hex form begins the other', () => {
    expect(sameSha('3b77d0c', '3b77d0c5ae11')).toBe(true)
    expect(sameSha('3b77d0', '3b77d0c5ae11')).toBe(false)
    expect(sameSha('release-1', 'release-12')).toBe(false)
  })

  test('are shortened when long and hex', () => {
    expect(shortSha('3b77d0c5ae11f0a2')).toBe('3b77d0c5ae')
    expect(shortSha('release-2026.02.3')).toBe('release-2026.02.3')
  })
})

test.each(['javascript:alert(1)', ' https://x.example', 'data:text/html,x', '//x.example'])(
  'a link to %s is not offered',
  (url) => {
    expect(safeUrl(url)).toBeNull()
  },
)

test('a web address is offered as link', () => {
  expect(safeUrl('https://git.example.com/c/1')).toBe('https://git.example.com/c/1')
  expect(safeUrl(null)).toBeNull()
})

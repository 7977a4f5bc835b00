import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { judge, readHeadline, unfinished, type Evidence } from '../../src/demo/judge.ts'
import { ManualClock } from '../../src/flow/time.ts'
import { consoleType } from '../../src/receivers/console.ts'
import type { Page } from '../../src/receivers/receiver.ts'
import type { Notification } from '../../src/store/state.ts'
import {
  firing,
  firingPage,
  fix,
  resolved,
  resolvedPage,
  badPush,
  since,
} from '../receivers/samples.ts'

const screen = consoleType.create(
  'screen',
  { color: 'auto' },
  { clock: new ManualClock(0), screen: new PassThrough() },
)
const expected = { bad: badPush.sha, fix: fix.sha, firingBy: 25_000, resolvedBy: 75_000 }

/** A delivered notification, as the console receiver words it. */
function told(page: Page, createdAt: number, over: Partial<Notification> = {}): Notification {
  return {
    key: `${page.groupKey} ${createdAt}`,
    receiver: 'screen',
    groupKey: page.groupKey,
    transitions: [],
    body: screen.render(page),
    state: 'delivered',
    attempts: 1,
    nextAttemptAt: createdAt,
    error: null,
    createdAt,
    ...over,
  }
}

const page = told(firingPage, 14_000)
const end = told(resolvedPage, 58_000)
const other = { ...badPush, sha: '8fe1c02a91', id: 'd0' }
const otherPage: Page = since(firingPage, other)
const thanksOther: Page = { ...resolvedPage, fixes: new Map([[fix.sha, other]]) }
const noFix: Page = { ...resolvedPage, alerts: [{ ...resolved, fixedBy: null }] }
const unknown: Page = { ...firingPage, alerts: [{ ...firing, deploy: null, sha: null }] }

test.each<[string, Evidence, { paged: boolean; resolved: boolean }]>([
  ['nothing yet', { alerts: [], notifications: [] }, { paged: false, resolved: false }],
  ['the page', { alerts: [firing], notifications: [page] }, { paged: true, resolved: false }],
  [
    'the page, written and not yet delivered',
    { alerts: [firing], notifications: [{ ...page, state: 'waiting' }] },
    { paged: false, resolved: false },
  ],
  [
    'the end, written and not yet delivered',
    { alerts: [resolved], notifications: [{ ...end, state: 'waiting' }, page] },
    { paged: true, resolved: false },
  ],
  [
    'one page, updates, repeats and one end, newest first',
    {
      alerts: [resolved],
      notifications: [
        end,
        told({ ...firingPage, reason: 'repeat' }, 50_000),
        told({ ...firingPage, reason: 'update' }, 44_000),
        page,
      ],
    },
    { paged: true, resolved: true },
  ],
])('finds no fault in %s', (_name, evidence, where) => {
  expect(judge(evidence, expected)).toEqual({ ...where, faults: [] })
})

test.each<[string, Evidence, readonly string[]]>([
  [
    'a page that named another push',
    { alerts: [firing], notifications: [told(otherPage, 14_000)] },
    [`the page named 8fe1c02a91 instead of ${badPush.sha}`],
  ],
  [
    'a page that named none',
    { alerts: [firing], notifications: [told(unknown, 14_000)] },
    [`the page named no push instead of ${badPush.sha}`],
  ],
  [
    'an alert on another push, though nobody was told yet',
    { alerts: [{ ...firing, sha: '8fe1c02a91' }], notifications: [] },
    [`error-regression named 8fe1c02a91 instead of ${badPush.sha}`],
  ],
  [
    'an alert on no push',
    { alerts: [{ ...firing, sha: null }], notifications: [] },
    [`error-regression named no push instead of ${badPush.sha}`],
  ],
  [
    'a second page of the same group',
    { alerts: [firing], notifications: [told(firingPage, 20_000), page] },
    ['it paged 2 times instead of once'],
  ],
  [
    'a second group about the same push',
    {
      alerts: [firing],
      notifications: [told({ ...firingPage, groupKey: 'group-2' }, 20_000), page],
    },
    ['it paged 2 times instead of once', 'it came in 2 groups instead of one'],
  ],
  [
    'two ends',
    { alerts: [resolved], notifications: [told(resolvedPage, 60_000), end, page] },
    ['it resolved 2 times instead of once'],
  ],
  [
    'an end that thanks another push',
    { alerts: [resolved], notifications: [told(thanksOther, 58_000), page] },
    [`the resolution named 8fe1c02a91 instead of ${fix.sha}`],
  ],
  [
    'an end that thanks none',
    { alerts: [resolved], notifications: [told(noFix, 58_000), page] },
    [`the resolution named no push instead of ${fix.sha}`],
  ],
  [
    'a late page',
    { alerts: [firing], notifications: [told(firingPage, 25_001)] },
    ['the page came too late'],
  ],
  [
    'a late end',
    { alerts: [resolved], notifications: [told(resolvedPage, 75_001), page] },
    ['the resolution came too late'],
  ],
])('finds fault with %s', (_name, evidence, faults) => {
  expect(judge(evidence, expected).faults).toEqual(faults)
})

test.each([
  [{ paged: false, resolved: false, faults: [] }, ['no page came']],
  [{ paged: true, resolved: false, faults: [] }, ['it was not resolved']],
  [{ paged: true, resolved: true, faults: [] }, []],
])('says what is missing at the end of %j', (judgement, missing) => {
  expect(unfinished(judgement)).toEqual(missing)
})

test.each([
  [
    'FIRING web: boom (value 3, threshold 3) and 1 more, since push 3b77d0c5ae by alice\n  sample',
    { title: 'FIRING', since: '3b77d0c5ae', fixedBy: null },
  ],
  [
    'STILL FIRING: boom, since rollback 8fe1c02a91',
    { title: 'STILL FIRING', since: '8fe1c02a91', fixedBy: null },
  ],
  ['UPDATE web: boom, since an unknown push', { title: 'UPDATE', since: null, fixedBy: null }],
  [
    'RESOLVED web: boom, since config change 3b77d0c5ae by alice, fixed by push 91c02fe77b by bob',
    { title: 'RESOLVED', since: '3b77d0c5ae', fixedBy: '91c02fe77b' },
  ],
  [
    'RESOLVED web: x, since push aaaa1111, fixed by push bbbb2222, since push 3b77d0c5ae, fixed by push 91c02fe77b',
    { title: 'RESOLVED', since: '3b77d0c5ae', fixedBy: '91c02fe77b' },
  ],
  ['FIRINGS web: boom, since push 3b77d0c5ae', null],
  ['FIRING web: no push is named', null],
  ['', null],
])('reads the headline %j', (body, headline) => {
  expect(readHeadline(body)).toEqual(headline)
})

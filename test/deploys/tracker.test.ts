import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DeployTracker } from '../../src/deploys/tracker.ts'
import type { Deploy } from '../../src/model/deploy.ts'
import { deployOf, minute } from './deploy-of.ts'

const env = 'production'
const [a, b, c] = ['aaaaaaaaaa', 'bbbbbbbbbb', 'cccccccccc'] as const

function trackerOf(...deploys: Deploy[]): DeployTracker {
  const tracker = new DeployTracker()
  for (const deploy of deploys) tracker.add(deploy)
  return tracker
}

describe('inEffect', () => {
  const tracker = trackerOf(
    deployOf(a, 0, { service: 'web' }),
    deployOf(b, 10, { service: 'api' }),
    deployOf(c, 20),
    deployOf('dddddddddd', 30, { service: 'web' }),
    deployOf('eeeeeeeeee', 40, { service: 'web', status: 'failed' }),
    deployOf('ffffffffff', 5, { service: 'web', env: 'staging' }),
  )
  const at = (minutes: number, service: string | null, of = env) =>
    tracker.inEffect(minute(minutes), of, service)?.sha ?? null

  test('start belongs to after, and nothing is known before the first', () => {
    expect(tracker.inEffect(minute(0) - 1, env, 'web')).toBe(null)
    expect(at(0, 'web')).toBe(a)
  })

  test('a deploy without service holds for its whole environment until a newer own one', () => {
    expect([at(19, 'web'), at(20, 'web'), at(30, 'web')]).toEqual([a, c, 'dddddddddd'])
    expect([at(9, 'api'), at(10, 'api'), at(60, 'api')]).toEqual([null, b, c])
    expect([at(19, 'mail'), at(20, 'mail')]).toEqual([null, c])
  })

  test('an event without service takes the newest deploy of any service there', () => {
    expect([at(5, null), at(10, null), at(25, null), at(35, null)]).toEqual([a, b, c, 'dddddddddd'])
  })

  test('failed deploys never took effect, and environments are apart', () => {
    expect([at(50, 'web'), at(50, null)]).toEqual(['dddddddddd', 'dddddddddd'])
    expect([at(50, 'web', 'staging'), at(50, 'web', 'qa')]).toEqual(['ffffffffff', null])
  })

  test('at the same second the own deploy wins, whichever was reported first', () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      // prettier-ignore
      const both = [deployOf(a, 0), deployOf(b, 0, { service: 'web' })]
      const tie = trackerOf(...order.flatMap((index) => both[index] ?? []))
      expect(tie.inEffect(minute(1), env, 'web')?.sha).toBe(b)
      expect(tie.inEffect(minute(1), env, null)?.sha).toBe(b)
    }
  })

  test('agrees with a plain search through all deploys, in any order of reports', () => {
    const deploy = fc.record({
      start: fc.integer({ min: 0, max: 40 }),
      service: fc.constantFrom(null, 'web', 'api'),
      failed: fc.boolean(),
    })
    fc.assert(
      fc.property(
        fc.array(deploy, { maxLength: 25 }),
        fc.integer({ min: -1, max: 41 }),
        (all, at) => {
          const deploys = all.map(({ start, service, failed }, index) =>
            deployOf(`v${1_000 + index}`, start, { service, status: failed ? 'failed' : 'done' }),
          )
          const tracker = trackerOf(...deploys)
          for (const service of [null, 'web', 'mail']) {
            const newest = deploys
              .filter(
                (each) => service === null || each.service === service || each.service === null,
              )
              .filter((each) => each.status !== 'failed' && Date.parse(each.start) <= minute(at))
              .reduce((top, each) => (each.start > top ? each.start : top), '')
            expect(tracker.inEffect(minute(at), env, service)?.start ?? '').toBe(newest)
          }
        },
      ),
    )
  })
})

describe('add', () => {
  test('takes a report once', () => {
    const tracker = trackerOf(deployOf(a, 0))
    const again = tracker.add(deployOf(a, 0))
    expect([again.changed, again.touched, tracker.size]).toEqual([false, [], 1])
  })

  test('lets running become done under the first id', () => {
    const tracker = trackerOf(deployOf(a, 0, { id: 'begun', status: 'running', endMinute: null }))
    const added = tracker.add(deployOf(a, 7, { id: 'ended' }))
    expect([added.changed, added.deploy.id, added.deploy.status]).toEqual([true, 'begun', 'done'])
    expect([added.deploy.start, added.deploy.end]).toEqual([
      '2026-11-23T12:00:00.000Z',
      '2026-11-23T12:07:00.000Z',
    ])
    expect([tracker.size, tracker.byId('ended')]).toEqual([1, added.deploy])
  })

  test('says from when answers have changed: the earliest start', () => {
    const tracker = trackerOf(deployOf(a, 10, { endMinute: 12 }))
    expect(tracker.add(deployOf(b, 20)).from).toBe(minute(20))
    expect(tracker.add(deployOf(a, 8, { endMinute: 11 })).from).toBe(minute(8))
    expect(tracker.inEffect(minute(9), env, 'web')?.sha).toBe(a)
  })

  test('a SHA that comes back after another one is a deploy of its own, and a rollback', () => {
    const tracker = trackerOf(deployOf(a, 0), deployOf(b, 1), deployOf(a, 2))
    expect(tracker.list().map(({ sha, kind, previous }) => [sha, kind, previous])).toEqual([
      [a, 'push', null],
      [b, 'push', a],
      [a, 'rollback', b],
    ])
  })

  test('a repetition of the SHA at work is no rollback, nor is one after a failure', () => {
    const tracker = trackerOf(
      deployOf(a, 0),
      deployOf(b, 30, { status: 'failed' }),
      deployOf(a, 60),
      deployOf(b, 90),
    )
    expect(tracker.list().map(({ kind }) => kind)).toEqual(['push', 'push', 'push', 'push'])
  })

  test('keeps a previous SHA and a kind that were reported', () => {
    const tracker = trackerOf(deployOf(a, 0), deployOf(b, 10), deployOf(a, 20, { kind: 'config' }))
    const added = tracker.add(deployOf(c, 30, { previous: '1234567' }))
    expect(added.deploy.previous).toBe('1234567')
    expect(tracker.list()[2]?.kind).toBe('config')
  })

  test('a late report between two others renews what the second one says', () => {
    const tracker = trackerOf(deployOf(a, 0), deployOf(c, 20))
    const added = tracker.add(deployOf(b, 10))
    expect(added.touched.map(({ sha, previous }) => [sha, previous])).toEqual([
      [b, a],
      [c, b],
    ])
    const late = tracker.add(deployOf(c, -10))
    expect(late.touched.map(({ sha, kind }) => [sha, kind])).toContainEqual([c, 'rollback'])
  })

  test('a deploy that turns out to have failed gives way to the one before', () => {
    const tracker = trackerOf(deployOf(a, 0), deployOf(b, 10), deployOf(c, 20))
    const added = tracker.add({ ...deployOf(b, 10), status: 'failed' })
    expect([added.changed, added.from]).toEqual([true, minute(10)])
    expect(tracker.inEffect(minute(15), env, null)?.sha).toBe(a)
    expect(added.touched.map(({ sha, previous }) => [sha, previous])).toContainEqual([c, a])
  })

  test('takes a short SHA for the long one that it begins, unless there are two', () => {
    const long = 'abcdef0123'
    expect(trackerOf(deployOf(long, 0), deployOf('abcdef0', 1)).size).toBe(1)
    expect(trackerOf(deployOf('abcdef0', 0), deployOf(long, 1)).list()[0]?.sha).toBe(long)
    const two = trackerOf(deployOf('abcdef0999', -60), deployOf(long, 0), deployOf('abcdef0', 1))
    expect(two.size).toBe(3)
  })

  test('a build number that two services share names two deploys', () => {
    const tracker = trackerOf(
      deployOf(a, 0, { id: '42', service: 'web', status: 'running', endMinute: null }),
      deployOf(b, 0, { id: '42', service: 'api', status: 'running', endMinute: null }),
    )
    tracker.add(deployOf(b, 1, { id: '42', service: 'api' }))
    const found = tracker.list().map(({ service, status }) => [service, status])
    expect(found.sort()).toEqual([['api', 'done'], ['web', 'running']]) // prettier-ignore
    expect(new Set(tracker.list().map(({ id }) => id)).size).toBe(2)
    expect(tracker.byId('42')?.service).toBe('web')
  })

  test('takes names that are special elsewhere', () => {
    const tracker = trackerOf(
      deployOf(a, 0, { env: '__proto__', service: 'constructor', id: '__proto__' }),
    )
    expect(tracker.inEffect(minute(1), '__proto__', 'constructor')?.sha).toBe(a)
    expect(tracker.byId('toString')).toBe(null)
  })

  test('forgets the oldest beyond its bound, and a report older than all of them', () => {
    const tracker = new DeployTracker(3)
    const shas = ['v1.0', 'v2.0', 'v3.0', 'v4.0']
    for (const [index, sha] of shas.entries()) tracker.add(deployOf(sha, index * 10))
    expect(tracker.list().map(({ sha }) => sha)).toEqual(['v2.0', 'v3.0', 'v4.0'])
    expect(tracker.byId(deployOf('v1.0', 0).id)).toBe(null)
    expect(tracker.add(deployOf('v0.0', -10)).changed).toBe(false)
    expect(tracker.size).toBe(3)
  })

  test('gives the same deploys whatever the order of distinct reports', () => {
    const reports = [
      deployOf(a, 0, { service: 'web' }),
      deployOf(b, 10, { service: 'web' }),
      deployOf(a, 20, { service: 'web' }),
      deployOf(c, 15),
      deployOf('dddddddddd', 12, { service: 'web', status: 'failed' }),
    ]
    const expected = trackerOf(...reports).list()
    const orders = fc.shuffledSubarray(reports, { minLength: reports.length })
    fc.assert(
      fc.property(orders, (order) => {
        expect(trackerOf(...order).list()).toEqual(expected)
      }),
    )
  })
})

describe('before, next and nextStart', () => {
  const deploys = [
    deployOf(a, 0, { service: 'web' }),
    deployOf(b, 10),
    deployOf(c, 20, { service: 'api' }),
    deployOf('dddddddddd', 30, { service: 'web', status: 'failed' }),
    deployOf('eeeeeeeeee', 40, { service: 'web' }),
  ] as const
  const tracker = trackerOf(...deploys)

  test('see the own service and the whole environment', () => {
    expect(tracker.before(deploys[4])?.sha).toBe(b)
    expect(tracker.before(deploys[0])).toBe(null)
    expect(tracker.next(deploys[0])?.sha).toBe(b)
    expect(tracker.next(deploys[2])).toBe(null)
    expect(tracker.next(deploys[4])).toBe(null)
  })

  test('see all services for a deploy without one', () => {
    expect([tracker.before(deploys[1])?.sha, tracker.next(deploys[1])?.sha]).toEqual([a, c])
  })

  test('find the next start after a time, of deploys that take effect', () => {
    expect(tracker.nextStart(minute(0) - 1, env, 'web')).toBe(minute(0))
    expect(tracker.nextStart(minute(10), env, 'web')).toBe(minute(40))
    expect(tracker.nextStart(minute(10), env, null)).toBe(minute(20))
    expect(tracker.nextStart(minute(40), env, 'web')).toBe(null)
  })
})

import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { silentLog } from '../../src/flow/log.ts'
import { Metrics } from '../../src/flow/metrics.ts'
import { ManualClock } from '../../src/flow/time.ts'
import { Outbox, retryDelayMs, type OutboxParts } from '../../src/receivers/outbox.ts'
import type { Outcome, Receiver } from '../../src/receivers/receiver.ts'
import { openTemporaryState, type TemporaryState } from '../../src/store/sqlite.ts'
import type { Dispatch, Notification } from '../../src/store/state.ts'

const startMs = Date.UTC(2026, 2, 1, 12)
const ok: Outcome = { ok: true }
const later: Outcome = { ok: false, retry: true, error: 'answered 500' }
const refused: Outcome = { ok: false, retry: false, error: 'answered 404' }

/** A receiver whose outcomes a test chooses; it keeps what was sent. */
class Recorder implements Receiver {
  readonly name: string
  readonly address = 'nowhere'
  readonly sent: string[] = []
  underWay = 0
  most = 0
  outcome: (key: string, signal: AbortSignal) => Outcome | Promise<Outcome> = () => ok

  constructor(name: string) {
    this.name = name
  }

  render(): string {
    return ''
  }

  async send(_body: string, key: string, signal: AbortSignal): Promise<Outcome> {
    this.sent.push(key)
    this.underWay += 1
    this.most = Math.max(this.most, this.underWay)
    const outcome = await this.outcome(key, signal)
    this.underWay -= 1
    return outcome
  }
}

function hang(_key: string, signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve({ ok: false, retry: true, error: 'stopped' }))
  })
}

function gate<Value>(): { promise: Promise<Value>; open: (value: Value) => void } {
  let open: (value: Value) => void = () => {}
  const promise = new Promise<Value>((resolve) => (open = resolve))
  return { promise, open }
}

function waiting(key: string, given: Partial<Notification> = {}): Notification {
  return {
    key,
    receiver: 'a',
    groupKey: key,
    transitions: [],
    body: `body of ${key}`,
    state: 'waiting',
    attempts: 0,
    nextAttemptAt: 0,
    error: null,
    createdAt: startMs,
    ...given,
  }
}

const put = (...notifications: Notification[]): Dispatch => ({
  dispatched: [],
  records: [],
  notifications,
})

/** The two calls that the outbox makes, over a Map that keeps the order of insertion. */
class MemoryState {
  readonly rows = new Map<string, Notification>()
  commits = 0

  async dispatch({ notifications }: Dispatch): Promise<void> {
    await Promise.resolve()
    this.commits += 1
    for (const notification of notifications) this.rows.set(notification.key, notification)
  }

  async waiting(limit: number): Promise<readonly Notification[]> {
    const taken = new Map<string, number>()
    const rows = [...this.rows.values()].filter(({ state, receiver }) => {
      if (state !== 'waiting') return false
      const place = (taken.get(receiver) ?? 0) + 1
      taken.set(receiver, place)
      return place <= limit
    })
    await Promise.resolve()
    return rows
  }
}

let clock: ManualClock
let metrics: Metrics
let outboxes: Outbox[]

function open(state: OutboxParts['state'], receivers: Receiver[], concurrency = 8): Outbox {
  const byName = new Map(receivers.map((receiver) => [receiver.name, receiver]))
  const random = () => 0.5
  const outbox = new Outbox({ state, receivers: byName, clock, log: silentLog, metrics, concurrency, random }) // prettier-ignore
  outboxes.push(outbox)
  outbox.start()
  return outbox
}

function counted(receiver: string, outcome: string): number {
  return metrics.counter('lastpush_notifications_total', '').value({ receiver, outcome })
}

beforeEach(() => {
  clock = new ManualClock(startMs)
  metrics = new Metrics()
  outboxes = []
})
afterEach(async () => {
  await Promise.all(outboxes.map((outbox) => outbox.stop()))
})

describe('over a real store', () => {
  let store: TemporaryState
  beforeEach(async () => {
    store = await openTemporaryState()
  })
  afterEach(async () => {
    await Promise.all(outboxes.map((outbox) => outbox.stop()))
    await store.close()
  })

  const stored = async (key: string) =>
    (await store.state.notifications()).find((notification) => notification.key === key)

  const until = (key: string, expected: Partial<Notification>) =>
    vi.waitFor(async () => expect(await stored(key)).toMatchObject(expected), { interval: 5 })

  test('delivers what was left waiting, and what is committed later when kicked', async () => {
    const receiver = new Recorder('a')
    await store.state.dispatch(put(waiting('k1')))
    const outbox = open(store.state, [receiver])
    await until('k1', { state: 'delivered', attempts: 1, error: null })
    await store.state.dispatch(put(waiting('k2')))
    outbox.kick()
    await until('k2', { state: 'delivered' })
    expect(receiver.sent).toEqual(['k1', 'k2'])
    expect(counted('a', 'delivered')).toBe(2)
  })

  test('tries again with the same key after a back-off, also after a restart', async () => {
    const receiver = new Recorder('a')
    receiver.outcome = () => later
    await store.state.dispatch(put(waiting('k')))
    const first = open(store.state, [receiver])
    await until('k', { attempts: 1, error: 'answered 500', nextAttemptAt: startMs + 1_500 })
    clock.advance(1_500)
    await until('k', { attempts: 2, nextAttemptAt: startMs + 1_500 + 3_000 })
    await first.stop()
    receiver.outcome = () => ok
    open(store.state, [receiver])
    clock.advance(3_000)
    await until('k', { state: 'delivered', attempts: 3, body: 'body of k' })
    expect(receiver.sent).toEqual(['k', 'k', 'k'])
    expect([counted('a', 'retried'), counted('a', 'delivered')]).toEqual([2, 1])
  })

  test('parks what a receiver refuses and goes on with its group', async () => {
    const receiver = new Recorder('a')
    receiver.outcome = (key) => (key === 'k1' ? refused : ok)
    const groupKey = 'g'
    await store.state.dispatch(put(waiting('k1', { groupKey }), waiting('k2', { groupKey })))
    open(store.state, [receiver])
    await until('k2', { state: 'delivered' })
    expect(await stored('k1')).toMatchObject({ state: 'parked', error: 'answered 404' })
    expect(counted('a', 'parked')).toBe(1)
  })

  test('parks what is for a receiver that is no longer configured', async () => {
    await store.state.dispatch(put(waiting('k', { receiver: 'gone' })))
    open(store.state, [new Recorder('a')])
    const error = 'no receiver "gone" is configured; it was removed or renamed'
    await until('k', { state: 'parked', error })
    expect(counted('gone', 'parked')).toBe(1)
  })

  test('stops within a second and leaves what was under way waiting', async () => {
    const receiver = new Recorder('a')
    receiver.outcome = hang
    await store.state.dispatch(put(waiting('k')))
    const outbox = open(store.state, [receiver])
    await vi.waitFor(() => expect(receiver.underWay).toBe(1), { interval: 5 })
    const before = performance.now()
    await outbox.stop()
    expect(performance.now() - before).toBeLessThan(1_000)
    expect(await stored('k')).toMatchObject({ state: 'waiting', attempts: 0, error: null })
  })
})

describe('order and bounds', () => {
  let state: MemoryState
  beforeEach(() => {
    state = new MemoryState()
  })

  const settled = (count: number) =>
    vi.waitFor(
      () => {
        const rows = [...state.rows.values()]
        expect(rows.filter((row) => row.state !== 'waiting')).toHaveLength(count)
      },
      { interval: 2 },
    )

  /** Lets seconds pass until the check holds. */
  const advanceUntil = (check: () => void) =>
    vi.waitFor(
      () => {
        clock.advance(1_000)
        check()
      },
      { interval: 2 },
    )

  test('never lets a notification overtake an earlier one of its group', async () => {
    const receiver = new Recorder('a')
    let failures = 2
    receiver.outcome = (key) => (key === 'g1' && failures-- > 0 ? later : ok)
    const group = { groupKey: 'g' }
    await state.dispatch(put(waiting('g1', group), waiting('g2', group), waiting('other')))
    open(state, [receiver])
    await settled(1)
    expect(receiver.sent).toEqual(['g1', 'other'])
    clock.advance(1_500)
    await vi.waitFor(() => expect(state.rows.get('g1')?.attempts).toBe(2), { interval: 2 })
    clock.advance(3_000)
    await settled(3)
    expect(receiver.sent).toEqual(['g1', 'other', 'g1', 'g1', 'g2'])
  })

  test('sends one group to two receivers independently', async () => {
    const [dead, healthy] = [new Recorder('dead'), new Recorder('healthy')]
    dead.outcome = () => later
    const group = { groupKey: 'g' }
    await state.dispatch(
      put(
        waiting('d1', { ...group, receiver: 'dead' }),
        waiting('h1', { ...group, receiver: 'healthy' }),
        waiting('h2', { ...group, receiver: 'healthy' }),
      ),
    )
    open(state, [dead, healthy])
    await settled(2)
    expect(healthy.sent).toEqual(['h1', 'h2'])
  })

  test('does not delay a healthy receiver by one that hangs, and drops nothing of it', async () => {
    const [dead, healthy] = [new Recorder('dead'), new Recorder('healthy')]
    dead.outcome = hang
    const many = Array.from({ length: 50 }, (_, at) => waiting(`d${at}`, { receiver: 'dead' }))
    const few = Array.from({ length: 20 }, (_, at) => waiting(`h${at}`, { receiver: 'healthy' }))
    await state.dispatch(put(...many, ...few))
    open(state, [dead, healthy], 4)
    await settled(20)
    expect(healthy.sent).toHaveLength(20)
    expect([dead.most, healthy.most]).toEqual([2, 2])
    expect([...state.rows.values()].filter((row) => row.state === 'waiting')).toHaveLength(50)
  })

  test('does not send again what is still under way', async () => {
    const receiver = new Recorder('a')
    receiver.outcome = (key, signal) => (key === 'slow' ? hang(key, signal) : ok)
    await state.dispatch(put(waiting('slow'), waiting('k1')))
    const outbox = open(state, [receiver])
    await settled(1)
    await state.dispatch(put(waiting('k2')))
    outbox.kick()
    await settled(2)
    expect(receiver.sent).toEqual(['slow', 'k1', 'k2'])
  })

  test('does not send again what was delivered while an older view was read', async () => {
    const receiver = new Recorder('a')
    const answer = gate<Outcome>()
    receiver.outcome = (key) => (key === 'k1' ? answer.promise : ok)
    const release = gate<void>()
    let reads = 0
    const slow = {
      dispatch: (dispatch: Dispatch) => state.dispatch(dispatch),
      waiting: async (limit: number) => {
        const rows = await state.waiting(limit)
        reads += 1
        if (reads === 2) await release.promise
        return rows
      },
    }
    await state.dispatch(put(waiting('k1')))
    const outbox = open(slow, [receiver])
    await vi.waitFor(() => expect(receiver.underWay).toBe(1), { interval: 2 })
    await state.dispatch(put(waiting('k2')))
    outbox.kick()
    await vi.waitFor(() => expect(reads).toBe(2), { interval: 2 })
    answer.open(ok)
    await settled(1)
    release.open()
    await settled(2)
    await outbox.stop()
    expect(receiver.sent).toEqual(['k1', 'k2'])
  })

  test('gives every receiver a place even when there are more of them than places', async () => {
    const dead = [new Recorder('d1'), new Recorder('d2'), new Recorder('d3')]
    for (const receiver of dead) receiver.outcome = hang
    const healthy = new Recorder('a')
    await state.dispatch(
      put(...dead.map(({ name }) => waiting(name, { receiver: name })), waiting('k')),
    )
    open(state, [...dead, healthy], 1)
    await settled(1)
    expect(healthy.sent).toEqual(['k'])
  })

  test('delivers more than it holds in memory', async () => {
    const receiver = new Recorder('a')
    await state.dispatch(put(...Array.from({ length: 1_700 }, (_, at) => waiting(`k${at}`))))
    open(state, [receiver])
    await settled(1_700)
    expect(new Set(receiver.sent).size).toBe(1_700)
    expect(receiver.sent).toHaveLength(1_700)
  })

  test('repeats the commit, not the delivery, when the state refuses', async () => {
    const receiver = new Recorder('a')
    await state.dispatch(put(waiting('k')))
    let refusals = 2
    let asked = 0
    const full = {
      waiting: (limit: number) => state.waiting(limit),
      dispatch: async (dispatch: Dispatch) => {
        asked += 1
        if (refusals-- > 0) throw new Error('disk full')
        await state.dispatch(dispatch)
      },
    }
    open(full, [receiver])
    await advanceUntil(() => expect(asked).toBe(3))
    await settled(1)
    expect(receiver.sent).toEqual(['k'])
  })

  test('reads again after the state could not be read', async () => {
    const receiver = new Recorder('a')
    await state.dispatch(put(waiting('k')))
    let reads = 0
    const flaky = {
      dispatch: (dispatch: Dispatch) => state.dispatch(dispatch),
      waiting: async (limit: number) => {
        reads += 1
        if (reads === 1) throw new Error('busy')
        return state.waiting(limit)
      },
    }
    open(flaky, [receiver])
    await advanceUntil(() => expect(receiver.sent).toEqual(['k']))
    await settled(1)
  })

  test('does not wait for a time that a clock set back has moved out of reach', async () => {
    const receiver = new Recorder('a')
    await state.dispatch(put(waiting('k', { attempts: 1, nextAttemptAt: startMs + 86_400_000 })))
    open(state, [receiver])
    await settled(1)
  })

  test('treats a receiver that throws as one that may be tried again', async () => {
    const receiver = new Recorder('a')
    receiver.outcome = () => Promise.reject(new Error('bug'))
    await state.dispatch(put(waiting('k')))
    open(state, [receiver])
    const error = 'receiver "a" failed: Error: bug'
    await vi.waitFor(() => expect(state.rows.get('k')).toMatchObject({ error, state: 'waiting' }))
  })

  test('whatever the receivers answer, each group arrives whole, in order and once', async () => {
    const item = fc.record({
      receiver: fc.constantFrom('a', 'b'),
      groupKey: fc.constantFrom('g1', 'g2', 'g3'),
      outcomes: fc.array(fc.constantFrom(later, refused), { maxLength: 3 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 12 }), async (items) => {
        const memory = new MemoryState()
        const receivers = [new Recorder('a'), new Recorder('b')]
        const answers = items.map(({ outcomes }) => [...outcomes])
        for (const receiver of receivers) {
          receiver.outcome = (key) => answers[Number(key)]?.shift() ?? ok
        }
        const rows = items.map((row, at) => waiting(String(at), row))
        await memory.dispatch(put(...rows.map(({ key, receiver, groupKey }) => waiting(key, { receiver, groupKey })))) // prettier-ignore
        const outbox = open(memory, receivers)
        await vi.waitFor(
          () => {
            clock.advance(600_000)
            expect([...memory.rows.values()].every((row) => row.state !== 'waiting')).toBe(true)
          },
          { interval: 0 },
        )
        await outbox.stop()
        const byGroup = new Map<string, string[]>()
        for (const { name, sent } of receivers) {
          for (const key of new Set(sent)) {
            const group = `${name} ${rows[Number(key)]?.groupKey}`
            byGroup.set(group, [...(byGroup.get(group) ?? []), key])
          }
          // Once it went to the next of its group, an earlier one was never sent again.
          for (const [at, key] of sent.entries()) {
            const group = rows[Number(key)]?.groupKey
            const next = sent.slice(at).filter((other) => rows[Number(other)]?.groupKey === group)
            expect(next.every((other) => Number(other) >= Number(key))).toBe(true)
          }
        }
        const expected = new Map<string, string[]>()
        for (const { key, receiver, groupKey } of rows) {
          const group = `${receiver} ${groupKey}`
          expected.set(group, [...(expected.get(group) ?? []), key])
        }
        expect(byGroup).toEqual(expected)
        for (const [at, { outcomes }] of items.entries()) {
          const parked = outcomes.includes(refused)
          expect(memory.rows.get(String(at))?.state).toBe(parked ? 'parked' : 'delivered')
        }
      }),
      { numRuns: 40 },
    )
  })
})

test.each([
  [1, 0, 0, 1_000],
  [1, 1, 0, 2_000],
  [2, 0.5, 0, 3_000],
  [8, 0, 0, 128_000],
  [9, 0, 0, 150_000],
  [9, 1, 0, 300_000],
  [5_000, 1, 0, 300_000],
  [1, 0, 30_000, 30_000],
  [9, 1, 1_000, 300_000],
  [1, 0, Infinity, 600_000],
])('after %s failures, with random %s and a wish of %s ms, waits %s ms', (n, random, wish, ms) => {
  expect(retryDelayMs(n, random, wish)).toBe(ms)
})

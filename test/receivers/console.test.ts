import { PassThrough, Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { ManualClock } from '../../src/flow/time.ts'
import { consoleType, type ConsoleOptions } from '../../src/receivers/console.ts'
import type { Page, Receiver, Screen } from '../../src/receivers/receiver.ts'
import { receiverContract, type Subject } from '../contract/receiver.ts'
import { firing, firingPage, nowMs, resolvedPage, since } from './samples.ts'

const signal = new AbortController().signal
const auto: ConsoleOptions = { color: 'auto' }

function create(screen: Screen, options = auto, clock = new ManualClock(nowMs)): Receiver {
  return consoleType.create('screen', options, { clock, screen })
}

/** A stream that keeps what it is given, a write each. */
function openScreen(): Subject {
  const written: string[] = []
  const screen = new Writable({
    write: (bytes: Buffer, _encoding, done) => {
      written.push(bytes.toString())
      done()
    },
  })
  return {
    secrets: [],
    create: () => create(screen),
    taken: () =>
      written.map((text) => ({ identity: '', text: text.slice(0, -1), faults: faultsOf(text) })),
    hung: async () => {
      let reached: () => void = () => {}
      const isReached = new Promise<void>((resolve) => (reached = resolve))
      // It never calls back.
      const stalled = new Writable({ write: () => reached() })
      return { receiver: create(stalled), reached: isReached }
    },
    refusing: async () => create(new Writable().destroy()),
    unreachable: () => Promise.reject(new Error('standard output is always there')),
    close: async () => {},
  }
}

/** A terminal is sent a few lines and nothing that it obeys but their ends. */
function faultsOf(text: string): readonly string[] {
  const lines = text.split('\n')
  const obeyed = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\p{Cs}]/u
  return [
    ...(lines.length > 4 ? [`${lines.length} lines`] : []),
    ...lines.filter((line) => obeyed.test(line)).map(() => 'a character that a terminal obeys'),
    ...lines.filter((line) => line.length > 3_000).map(({ length }) => `a line of ${length}`),
  ]
}

receiverContract('console', async () => openScreen(), {
  identity: 'a line on a screen has no key; a stalled one is printed once, see below',
  unreachable: 'standard output is always there; when its reader goes, that is for good',
  secrets: 'it is given none',
})

const render = (page: Page) => create(new PassThrough()).render(page)

test('says service, what, how much, since which push and by whom, then a sample and the link', () => {
  expect(render(firingPage)).toBe(
    'FIRING web: status 500 went from 0.2 to 12 a minute (value 42.12, threshold 20), since push 3f2a9c1b7e by alice\n' +
      '  127.0.0.1 - - [01/Mar/2026:12:00:05 +0000] "GET /cart HTTP/1.1" 500 12\n' +
      '  http://127.0.0.1:7077/?to=2026-03-01T12:01:00Z',
  )
})

test('names the push that fixed it', () => {
  expect(render(resolvedPage).split('\n')[0]).toBe(
    'RESOLVED web: status 500 went from 0.2 to 12 a minute (value 42.12, threshold 20), since push 3f2a9c1b7e by alice, fixed by push 77ab34cd90 by bob',
  )
})

test('says unknown where the push is unknown, and counts the other alerts of the group', () => {
  const alert = { ...firing, labels: {}, deploy: null, sha: null, value: null, samples: [] }
  const page = { ...firingPage, alerts: [alert, alert, alert] }
  expect(render({ ...page, reason: 'update', url: '' })).toBe(
    'UPDATE: status 500 went from 0.2 to 12 a minute and 2 more, since an unknown push',
  )
})

test('tells a rollback and a config change from a push', () => {
  const rollback = since(firingPage, { kind: 'rollback', by: null })
  const change = since(firingPage, { kind: 'config' })
  expect(render(rollback)).toContain('since rollback 3f2a9c1b7e\n')
  expect(render(change)).toContain('since config change 3f2a9c1b7e by alice\n')
})

test('S21: shows control characters of log lines and names as escapes', () => {
  const alert = {
    ...firing,
    labels: { service: 'w\u202eeb' },
    summary: '\x1b[2Jgone\nFIRING fake',
    samples: ['GET /\x1b]52;c;ZXZpbA==\x07 \x9b31m'],
  }
  const page = since({ ...firingPage, alerts: [alert] }, { by: 'al\rice' })
  expect(render(page)).toBe(
    'FIRING w\\u202eeb: \\x1b[2Jgone\\nFIRING fake (value 42.12, threshold 20), since push 3f2a9c1b7e by al\\rice\n' +
      '  GET /\\x1b]52;c;ZXZpbA==\\x07 \\x9b31m\n' +
      '  http://127.0.0.1:7077/?to=2026-03-01T12:01:00Z',
  )
})

test('cuts a long sample', () => {
  const page = { ...firingPage, alerts: [{ ...firing, samples: ['x'.repeat(2_000)] }] }
  expect(render(page).split('\n')[1]).toBe(`  ${'x'.repeat(499)}…`)
})

const yes = (): boolean => true
const no = (): boolean => false

test.each([
  ['a terminal', { isTTY: true, hasColors: yes }, auto, '\x1b[1;31mFIRING a\x1b[0m\n  b\n'],
  ['a terminal without colours', { isTTY: true, hasColors: no }, auto, 'FIRING a\n  b\n'],
  ['a pipe', {}, auto, 'FIRING a\n  b\n'],
  ['a pipe when asked for', {}, { color: 'always' }, '\x1b[1;31mFIRING a\x1b[0m\n  b\n'],
  ['a terminal when not wanted', { isTTY: true }, { color: 'never' }, 'FIRING a\n  b\n'],
] as const)('chooses colours for %s', async (_name, facts, options, expected) => {
  const stream = new PassThrough()
  await create(Object.assign(stream, facts), options).send('FIRING a\n  b', 'k', signal)
  expect(String(stream.read())).toBe(expected)
})

test('survives a reader that has gone and parks what it cannot print', async () => {
  const broken = new Writable({
    write: (_bytes, _encoding, done) => {
      done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    },
  })
  const receiver = create(broken)
  const gone = { ok: false, retry: false, error: 'the reader of standard output has gone' }
  expect(await receiver.send('a', 'k1', signal)).toEqual(gone)
  expect(await receiver.send('b', 'k2', signal)).toEqual(gone)
})

test('waits for a stalled reader without printing twice', async () => {
  let taken = ''
  const pending: (() => void)[] = []
  const stalled = new Writable({
    write: (bytes: Buffer, _encoding, done) => {
      taken += bytes.toString()
      pending.push(done)
    },
  })
  const clock = new ManualClock(nowMs)
  const receiver = create(stalled, auto, clock)
  const first = receiver.send('a', 'k', signal)
  clock.advance(10_000)
  expect(await first).toMatchObject({ ok: false, retry: true })
  const second = receiver.send('a', 'k', signal)
  pending[0]?.()
  expect(await second).toEqual({ ok: true })
  expect(taken).toBe('a\n')
})

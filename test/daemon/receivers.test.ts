import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { z } from 'zod'
import type { Config } from '../../src/config.ts'
import { buildReceivers, receiverStatuses, RunningReceivers } from '../../src/daemon/receivers.ts'
import type { Log } from '../../src/flow/log.ts'
import { Metrics } from '../../src/flow/metrics.ts'
import { ManualClock } from '../../src/flow/time.ts'
import type { Deploy } from '../../src/model/deploy.ts'
import type { Receiver, ReceiverContext, ReceiverType } from '../../src/receivers/receiver.ts'
import type { Undelivered } from '../../src/store/state.ts'
import { badPush, fix, nowMs } from '../receivers/samples.ts'

/** A receiver type whose receivers do what the test says, beyond rendering and sending. */
function typeOf(
  kind: string,
  more: (context: ReceiverContext) => Partial<Receiver>,
): ReceiverType<never> {
  // prettier-ignore
  return {
    kind,
    doc: '',
    example: '',
    options: z.never(),
    create: (name, _options, context) => ({
      name,
      address: `${kind} somewhere`,
      render: () => 'body',
      send: () => Promise.resolve({ ok: true }),
      ...more(context),
    }),
  }
}

function configOf(types: readonly ReceiverType<never>[]): Config {
  const receivers = types.map((type) => ({ name: `${type.kind}-1`, type, options: {} as never }))
  return {
    receivers,
    routing: { routes: [], otherwise: { receiver: 'console' } },
  } as unknown as Config
}

function run(types: readonly ReceiverType<never>[], undelivered: readonly Undelivered[] = []) {
  const errors: string[] = []
  const say = (facts: object, message: string): void => void errors.push(`${message} ${JSON.stringify(facts)}`) // prettier-ignore
  const log: Log = { debug() {}, info() {}, warn() {}, error: say }
  const metrics = new Metrics()
  const receivers = new RunningReceivers({
    config: configOf(types),
    state: { undelivered: () => Promise.resolve(undelivered) },
    clock: new ManualClock(nowMs),
    screen: new PassThrough(),
    log,
    metrics,
    since: () => Promise.reject(new Error('not asked')),
  })
  return { receivers, errors, metrics }
}

const fault = 'kicked by alice: be quiet'

test('a deploy is told to each that wants to know until it stops listening, though one cannot bear it', () => {
  const told: Deploy[] = []
  let stop: (() => void) | undefined
  const bad = typeOf('bad', ({ onDeploy }) => ({
    start: () =>
      void onDeploy?.(() => {
        throw new Error('not now')
      }),
  }))
  const good = typeOf('good', ({ onDeploy }) => ({
    start: () => (stop = onDeploy?.((deploy) => told.push(deploy))),
  }))
  const { receivers, errors } = run([bad, good])
  receivers.tell([badPush])
  expect(told).toEqual([])
  receivers.start()
  receivers.tell([badPush, fix])
  expect(told).toEqual([badPush, fix])
  expect(errors).toHaveLength(2)
  expect(errors[0]).toContain('a deploy could not be told')
  stop?.()
  receivers.tell([badPush])
  expect(told).toEqual([badPush, fix])
})

test('one that cannot be opened or closed keeps no other from it', async () => {
  const done: string[] = []
  const bad = typeOf('bad', () => ({
    start: () => {
      throw new Error('no door')
    },
    close: () => Promise.reject(new Error('stuck')),
  }))
  const good = typeOf('good', () => ({
    start: () => void done.push('started'),
    close: async () => void done.push('closed'),
  }))
  const { receivers, errors } = run([bad, good])
  receivers.start()
  await receivers.close()
  expect(done).toEqual(['started', 'closed'])
  expect(errors).toEqual([
    'receiver: cannot be opened; it is tried again for its first page {"receiver":"bad-1","error":"Error: no door"}',
    'receiver: did not close cleanly {"receiver":"bad-1","error":"Error: stuck"}',
  ])
})

const waits: Undelivered = {
  receiver: 'irc-1',
  waiting: 2,
  waitingError: fault,
  parked: 1,
  parkedError: 'too long',
}

test('status and metrics tell the fault and what was not taken, also of what is no longer configured', async () => {
  const irc = typeOf('irc', () => ({ fault }))
  const gone = { ...waits, receiver: 'old', waiting: 0, waitingError: null }
  const { receivers, metrics } = run([irc, typeOf('exec', () => ({}))], [waits, gone])
  expect(await receivers.status()).toEqual([
    { name: 'irc-1', kind: 'irc', address: 'irc somewhere', fault, waiting: 2, waitingError: fault, parked: 1, parkedError: 'too long' },
    { name: 'exec-1', kind: 'exec', address: 'exec somewhere', fault: null, waiting: 0, waitingError: null, parked: 0, parkedError: null },
    { name: 'old', kind: null, address: null, fault: null, waiting: 0, waitingError: null, parked: 1, parkedError: 'too long' },
  ]) // prettier-ignore
  await receivers.measure()
  const lines = metrics.text().split('\n').filter((line) => !line.startsWith('#') && line !== '') // prettier-ignore
  expect(lines).toEqual([
    'lastpush_notifications_waiting{receiver="irc-1"} 2',
    'lastpush_notifications_waiting{receiver="exec-1"} 0',
    'lastpush_notifications_waiting{receiver="old"} 0',
    'lastpush_notifications_parked{receiver="irc-1"} 1',
    'lastpush_notifications_parked{receiver="exec-1"} 0',
    'lastpush_notifications_parked{receiver="old"} 1',
    'lastpush_receiver_fault{receiver="irc-1"} 1',
    'lastpush_receiver_fault{receiver="exec-1"} 0',
    'lastpush_receiver_fault{receiver="old"} 0',
  ])
})

test('without a configured receiver there is a console under the name that the route has', () => {
  const built = buildReceivers(configOf([]), {
    clock: new ManualClock(0),
    screen: new PassThrough(),
  })
  expect(receiverStatuses(built, []).map(({ name, kind }) => [name, kind])).toEqual([
    ['console', 'console'],
  ])
})

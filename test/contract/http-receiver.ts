/** What every receiver that posts to a web server must pass besides the cases of receiver.ts: how it
 *  judges answers. Each case is one answer of a real loopback server. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ManualClock } from '../../src/flow/time.ts'
import type { Outcome, Receiver } from '../../src/receivers/receiver.ts'
import { HookServer } from '../receivers/hook-server.ts'
import { nowMs } from '../receivers/samples.ts'

type Answer = (response: ServerResponse, request: IncomingMessage) => void

const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    response.writeHead(code, headers).end('reply')

const retryTable: readonly [string, Answer, Partial<Outcome>][] = [
  ['200', status(200), { ok: true }],
  ['204', (response) => response.writeHead(204).end(), { ok: true }],
  ['500', status(500), { ok: false, retry: true }],
  [
    '503 with Retry-After in seconds',
    status(503, { 'retry-after': '7' }),
    { ok: false, retry: true, retryAfterMs: 7_000 },
  ],
  [
    '503 with Retry-After as a date',
    status(503, { 'retry-after': 'Sun, 01 Mar 2026 12:02:00 GMT' }),
    { ok: false, retry: true, retryAfterMs: 120_000 },
  ],
  ['408', status(408), { ok: false, retry: true }],
  ['425', status(425), { ok: false, retry: true }],
  ['429', status(429), { ok: false, retry: true }],
  ['400', status(400), { ok: false, retry: false }],
  ['404', status(404), { ok: false, retry: false }],
  ['301', status(301, { location: '/elsewhere' }), { ok: false, retry: false }],
  ['304', (response) => response.writeHead(304).end(), { ok: false, retry: false }],
  ['a reset connection', (response) => response.destroy(), { ok: false, retry: true }],
  [
    'a reply that breaks off after 200',
    (response) => {
      response.writeHead(200, { 'content-length': '10' }).write('half')
      setImmediate(() => response.destroy())
    },
    { ok: true },
  ],
  ['a reply of 500 without end', endless(500), { ok: false, retry: true }],
  ['a reply of 200 without end', endless(200), { ok: true }],
]

/** Holds for every receiver that posts to a web server. */
export function httpReceiverContract(
  kind: string,
  create: (url: string, clock: ManualClock) => Receiver,
): void {
  describe(`${kind} against a web server`, () => {
    let server: HookServer
    let receiver: Receiver
    let clock: ManualClock

    beforeEach(async () => {
      server = new HookServer()
      clock = new ManualClock(nowMs)
      receiver = create(`${await server.start()}/hook`, clock)
    })
    afterEach(() => server.stop())

    test.each(retryTable)('judges %s', async (_name, answer, expected) => {
      server.answer = answer
      const outcome = await receiver.send('{}', 'k', never())
      expect(outcome).toMatchObject(expected)
      expect(server.requests).toHaveLength(1)
    })

    test('S29: gives up on a server that never answers after its time limit', async () => {
      server.answer = () => {}
      const seen = server.seen()
      const sent = receiver.send('{}', 'k', never())
      await seen
      clock.advance(10_000)
      expect(await sent).toMatchObject({ ok: false, retry: true })
    })

    test('S29: reads no more than its bound of a reply without end', async () => {
      let written = 0
      const closed = new Promise<void>((resolve) => {
        server.answer = (response) => {
          endless(500, (bytes) => (written += bytes))(response)
          response.on('close', resolve)
        }
      })
      await receiver.send('{}', 'k', never())
      await closed
      // The bound is 64 KiB; what buffers of the kernel and of both ends take comes on top.
      expect(written).toBeLessThan(32 * 1_048_576)
    })

    test('ends at once when it is aborted, and may be tried again', async () => {
      server.answer = () => {}
      const stop = new AbortController()
      const seen = server.seen()
      const sent = receiver.send('{}', 'k', stop.signal)
      await seen
      stop.abort()
      expect(await sent).toMatchObject({ ok: false, retry: true })
    })

    test('may be tried again when nothing listens', async () => {
      await server.stop()
      expect(await receiver.send('{}', 'k', never())).toMatchObject({ ok: false, retry: true })
    })
  })
}

function endless(
  code: number,
  count: (bytes: number) => void = () => {},
): (r: ServerResponse) => void {
  // prettier-ignore
  const block = Buffer.alloc(65_536, 'x')
  return (response) => {
    response.writeHead(code)
    const more = () => {
      while (!response.destroyed) {
        count(block.length)
        if (!response.write(block)) return
      }
    }
    response.on('drain', more)
    more()
  }
}

function never(): AbortSignal {
  return new AbortController().signal
}

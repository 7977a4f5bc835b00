import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ManualClock } from '../../src/flow/time.ts'
import { pagerdutyType } from '../../src/receivers/pagerduty.ts'
import type { Page, Receiver, ReceiverContext } from '../../src/receivers/receiver.ts'
import { httpReceiverContract } from '../contract/http-receiver.ts'
import { receiverContract } from '../contract/receiver.ts'
import { HookServer } from './hook-server.ts'
import { openHttpSubject } from './http-subject.ts'
import { pagerdutyFaults, pagerdutyText } from './pagerduty-schema.ts'
import { badPush, firing, firingPage, nowMs, resolved, resolvedPage, since } from './samples.ts'

const signal = new AbortController().signal
const routingKey = 'R0123456789abcdefghijklmnopqrst9'
const dir = mkdtempSync(join(tmpdir(), 'pagerduty-'))
const keyFile = join(dir, 'key')
writeFileSync(keyFile, `${routingKey}\n`)
afterAll(() => {
  rmSync(dir, { recursive: true })
})

function create(
  url: string,
  clock = new ManualClock(nowMs),
  more: Partial<ReceiverContext> = {},
): Receiver {
  const options = pagerdutyType.options.parse({ routing_key_file: keyFile, url })
  return pagerdutyType.create('oncall', options, { clock, screen: new PassThrough(), ...more })
}

let server: HookServer
let origin: string
beforeEach(async () => {
  server = new HookServer()
  origin = await server.start()
  server.answer = (response) => {
    const faults = pagerdutyFaults(server.requests.at(-1)?.body ?? '{}')
    const message = { status: 'invalid event', message: 'Event object is invalid', errors: faults }
    const taken = { status: 'success', message: 'Event processed', dedup_key: 'x' }
    response.writeHead(faults.length === 0 ? 202 : 400, { 'content-type': 'application/json' })
    response.end(JSON.stringify(faults.length === 0 ? taken : message))
  }
})
afterEach(() => server.stop())

receiverContract('pagerduty', () =>
  openHttpSubject({
    create: (url, context) => create(url, new ManualClock(nowMs), context),
    path: '/v2/enqueue',
    read: (body) => ({
      identity: (JSON.parse(body) as Event).dedup_key,
      text: pagerdutyText(body),
      faults: pagerdutyFaults(body),
    }),
    yes: (response) => response.writeHead(202).end('{"status":"success"}'),
    no: (response) =>
      response.writeHead(400).end(`{"message":"invalid","errors":["${routingKey}"]}`),
    named: (host) => `PagerDuty at ${host}: `,
    secrets: [routingKey],
  }),
)
httpReceiverContract('pagerduty', create)

interface Event {
  readonly routing_key: string
  readonly event_action: string
  readonly dedup_key: string
  readonly links: readonly object[]
  readonly payload: Readonly<Record<string, unknown>> & {
    readonly summary: string
    readonly custom_details?: { readonly by: string | null }
  }
}

const render = (page: Page): Event[] =>
  create('https://events.pagerduty.com/v2/enqueue')
    .render(page)
    .split('\n')
    .map((line) => JSON.parse(line) as Event)
const told = (): Event[] => server.requests.map(({ body }) => JSON.parse(body) as Event)

const second = { ...firing, fingerprint: 'fedcba9876543210', rule: 'timeouts', summary: 'timeouts' }
const secondOver = { ...second, state: 'resolved' as const, endsAt: resolved.endsAt }

describe('the event', () => {
  test('triggers with service, what, how much, since which push and by whom', () => {
    expect(render(firingPage)).toEqual([
      {
        event_action: 'trigger',
        dedup_key: 'lastpush-0123456789abcdef-20260301T120005000Z',
        client: 'lastpush',
        client_url: 'http://127.0.0.1:7077/?to=2026-03-01T12:01:00Z',
        links: [
          { href: 'http://127.0.0.1:7077/?to=2026-03-01T12:01:00Z', text: 'Open in lastpush' },
        ],
        payload: {
          summary:
            'FIRING web: status 500 went from 0.2 to 12 a minute (value 42.12, threshold 20), since push 3f2a9c1b7e by alice',
          source: 'web',
          severity: 'critical',
          timestamp: '2026-03-01T12:00:05.000Z',
          component: 'web',
          group: 'production',
          class: 'error-regression',
          custom_details: {
            labels: { service: 'web', env: 'production', severity: 'page' },
            value: 42.123456,
            threshold: 20,
            sha: '3f2a9c1b7e4d5a6f8091a2b3c4d5e6f708192a3b',
            by: 'alice',
            fixed_by: null,
            samples: ['127.0.0.1 - - [01/Mar/2026:12:00:05 +0000] "GET /cart HTTP/1.1" 500 12'],
            key: 'key-1',
          },
        },
      },
    ])
  })

  test('resolves under the key of its trigger and names the push that fixed it', () => {
    const [trigger] = render(firingPage)
    const [resolve] = render(resolvedPage)
    expect(resolve).toMatchObject({ event_action: 'resolve', dedup_key: trigger?.dedup_key })
    expect(resolve?.payload.summary).toMatch(/^RESOLVED web: .* fixed by push 77ab34cd90 by bob$/)
  })

  test('is one for each alert of a page, each with its own state and key', () => {
    const events = render({ ...firingPage, reason: 'update', alerts: [firing, secondOver] })
    expect(events.map(({ event_action }) => event_action)).toEqual(['trigger', 'resolve'])
    expect(new Set(events.map(({ dedup_key }) => dedup_key)).size).toBe(2)
    expect(events[0]?.payload.summary).toMatch(/^UPDATE web: status 500 /)
    expect(events[1]?.payload.summary).toMatch(/^RESOLVED web: timeouts /)
  })

  test('has another key at the next onset, so that a late end cannot close it', () => {
    const [again] = render({ ...firingPage, alerts: [{ ...firing, startsAt: '2026-03-02T00:00:00.000Z' }] }) // prettier-ignore
    expect(again?.dedup_key).toMatch(/^lastpush-0123456789abcdef-/)
    expect(again?.dedup_key).not.toBe(render(firingPage)[0]?.dedup_key)
  })

  test('blames no push of the page for an alert of another', () => {
    const other = { ...firing, sha: 'abcdef0123', deploy: 'd9' }
    expect(render({ ...firingPage, alerts: [other] })[0]?.payload.summary).toMatch(
      /since push abcdef0123$/,
    )
  })

  test('has the author and the link of its own push', () => {
    const url = (sha: string): string => `https://git.example.com/commit/${sha}`
    const carol = { ...badPush, sha: 'abcdef0123', id: 'd9', by: 'carol', url: url('abcdef0123') }
    const alice = { ...badPush, url: url('3f2a9c1b7e') }
    const alerts = [
      firing,
      { ...second, sha: 'abcdef0123', deploy: 'd9' },
      { ...second, fingerprint: 'f3', sha: null, deploy: null },
    ]
    const deploys = new Map([['d1', alice], ['d9', carol]]) // prettier-ignore
    const events = render({ ...firingPage, url: '', alerts, deploys })
    expect(events.map(({ links }) => links)).toEqual([
      [{ href: 'https://git.example.com/commit/3f2a9c1b7e', text: 'The push' }],
      [{ href: 'https://git.example.com/commit/abcdef0123', text: 'The push' }],
      [],
    ])
    expect(events.map(({ payload }) => payload.custom_details?.by)).toEqual([
      'alice',
      'carol',
      null,
    ])
    expect(events.map(({ payload }) => /since .*$/.exec(payload.summary)?.[0])).toEqual([
      'since push 3f2a9c1b7e by alice',
      'since push abcdef0123 by carol',
      'since an unknown push',
    ])
  })

  test.each([
    ['page', 'critical'],
    ['warn', 'warning'],
    ['info', 'info'],
    ['error', 'error'],
    ['whatever', 'error'],
    ['__proto__', 'error'],
  ])('of severity %s is %s', (given, expected) => {
    const alert = { ...firing, labels: { severity: given } }
    expect(render({ ...firingPage, alerts: [alert] })[0]?.payload['severity']).toBe(expected)
  })

  test('leaves out a link that is no web address', () => {
    const page = since({ ...firingPage, url: 'javascript:alert(1)' }, { url: 'file:///x' })
    expect(render(page)[0]).toMatchObject({ links: [] })
    expect(render(page)[0]).not.toHaveProperty('client_url')
  })

  test('keeps to the documented schema and limits for any text', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('x\r\n'.repeat(5_000), '\ud800')) // prettier-ignore
    fc.assert(
      fc.property(text, text, fc.dictionary(text, text), (summary, sample, labels) => {
        const alert = { ...firing, summary, samples: [sample], labels: { ...labels, service: sample || 'x' } } // prettier-ignore
        for (const event of render({ ...firingPage, alerts: [alert] })) {
          const body = JSON.stringify({ ...event, routing_key: routingKey })
          expect(pagerdutyFaults(body)).toEqual([])
        }
      }),
    )
  })

  test('goes without its details when they would make it too large', () => {
    const wide = '日'.repeat(3_000)
    const names = Array.from({ length: 200 }, (_none, index) => [`${wide}${index}`, wide])
    const samples = Array.from({ length: 100 }, () => wide)
    const alert = {
      ...firing,
      labels: Object.fromEntries(names) as Record<string, string>,
      samples,
    }
    const [event] = render({ ...firingPage, alerts: [alert] })
    expect(event?.payload).not.toHaveProperty('custom_details')
    expect(event?.payload.summary).toMatch(/^FIRING/)
  })
})

test('the schema check finds what it should', () => {
  expect(pagerdutyFaults('{"event_action":"open","payload":{"severity":"page"},"x":1}')).toEqual([
    'no routing_key',
    'event_action',
    'dedup_key',
    'payload.summary',
    'payload.source',
    'payload.severity',
    'x',
  ])
})

describe('sending', () => {
  const page = { ...firingPage, alerts: [firing, second, { ...second, fingerprint: 'f3' }] }

  test('adds the routing key at the moment of sending and keeps it out of body and address', async () => {
    const receiver = create(origin)
    const body = receiver.render(firingPage)
    expect(await receiver.send(body, 'k', signal)).toEqual({ ok: true })
    expect(told()[0]?.routing_key).toBe(routingKey)
    expect(body + receiver.address).not.toContain(routingKey)
  })

  test('tells each alert of a page in its order', async () => {
    const receiver = create(origin)
    expect(await receiver.send(receiver.render(page), 'k', signal)).toEqual({ ok: true })
    expect(told().map(({ dedup_key }) => dedup_key)).toEqual(
      render(page).map(({ dedup_key }) => dedup_key),
    )
  })

  test('goes on behind what was taken after 429', async () => {
    const receiver = create(origin)
    const take = server.answer
    server.answer = (response, request) => {
      if (server.requests.length === 2) response.writeHead(429, { 'retry-after': '5' }).end()
      else take(response, request)
    }
    const body = receiver.render(page)
    expect(await receiver.send(body, 'k', signal)).toEqual({
      ok: false,
      retry: true,
      retryAfterMs: 5_000,
      error: `PagerDuty at ${new URL(origin).host} answered 429 (after 1 of 3 alerts)`,
    })
    expect(await receiver.send(body, 'k', signal)).toEqual({ ok: true })
    const keys = render(page).map(({ dedup_key }) => dedup_key)
    expect(told().map(({ dedup_key }) => dedup_key)).toEqual([keys[0], keys[1], keys[1], keys[2]])
  })

  test('tells the other alerts although one is refused, and parks with the reason', async () => {
    const receiver = create(origin)
    const take = server.answer
    server.answer = (response, request) => {
      if (server.requests.length !== 2) return take(response, request)
      response.writeHead(400).end(`{"message":"invalid","errors":["of ${routingKey}\\n"]}`)
    }
    expect(await receiver.send(receiver.render(page), 'k', signal)).toEqual({
      ok: false,
      retry: false,
      error: `PagerDuty at ${new URL(origin).host} answered 400: invalid; of …\\n (1 of 3 alerts refused)`,
    })
    expect(server.requests).toHaveLength(3)
  })

  test('stops asking when everything is refused', async () => {
    const alerts = Array.from({ length: 100 }, (_none, index) => ({ ...firing, fingerprint: `f${index}` })) // prettier-ignore
    const receiver = create(origin)
    server.answer = (response) => response.writeHead(400).end()
    const outcome = await receiver.send(receiver.render({ ...page, alerts }), 'k', signal)
    expect(outcome).toMatchObject({ ok: false, retry: false })
    expect(server.requests).toHaveLength(5)
  })

  test('leaves the rest of a long page to the next attempt', async () => {
    const clock = new ManualClock(nowMs)
    const receiver = create(origin, clock)
    const take = server.answer
    server.answer = (response, request) => {
      if (server.requests.length === 1) clock.advance(9_000)
      if (server.requests.length === 2) clock.advance(9_000)
      if (server.requests.length === 3) clock.advance(9_000)
      take(response, request)
    }
    const alerts = Array.from({ length: 5 }, (_none, index) => ({ ...firing, fingerprint: `f${index}` })) // prettier-ignore
    const body = receiver.render({ ...page, alerts })
    expect(await receiver.send(body, 'k', signal)).toMatchObject({ ok: false, retry: true })
    expect(server.requests).toHaveLength(3)
    expect(await receiver.send(body, 'k', signal)).toEqual({ ok: true })
    expect(server.requests).toHaveLength(5)
  })

  test('waits for a routing key that is not there yet, and shows no wrong one', async () => {
    const file = join(dir, 'other')
    const options = pagerdutyType.options.parse({ routing_key_file: file, url: origin })
    const receiver = pagerdutyType.create('oncall', options, {
      clock: new ManualClock(nowMs),
      screen: new PassThrough(),
    })
    expect(await receiver.send('{}', 'k', signal)).toEqual({
      ok: false,
      retry: true,
      error: `${file} cannot be read: ENOENT`,
    })
    writeFileSync(file, 'two words')
    expect(await receiver.send('{}', 'k', signal)).toEqual({
      ok: false,
      retry: true,
      error: `${file} must hold one routing key`,
    })
    expect(server.requests).toHaveLength(0)
  })
})

test.each([
  ['no key', {}],
  ['two keys', { routing_key_file: '/a', routing_key_env: 'B' }],
  ['the key itself', { routing_key: routingKey }],
  ['an address that is not private', { routing_key_file: '/a', url: 'http://events.example.com' }],
])('the options refuse %s', (_name, given) => {
  expect(pagerdutyType.options.safeParse(given).success).toBe(false)
})

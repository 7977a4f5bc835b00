import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ManualClock } from '../../src/flow/time.ts'
import type { Page, Receiver, ReceiverContext } from '../../src/receivers/receiver.ts'
import { webhookType } from '../../src/receivers/webhook.ts'
import { httpReceiverContract } from '../contract/http-receiver.ts'
import { receiverContract } from '../contract/receiver.ts'
import { HookServer } from './hook-server.ts'
import { openHttpSubject } from './http-subject.ts'
import { badPush, firing, firingPage, fix, nowMs, resolved, resolvedPage } from './samples.ts'
import { webhookFaults, webhookText } from './webhook-schema.ts'

const signal = new AbortController().signal

function create(
  given: object,
  clock = new ManualClock(nowMs),
  more: Partial<ReceiverContext> = {},
): Receiver {
  const context = { clock, screen: new PassThrough(), ...more }
  return webhookType.create('hook', webhookType.options.parse(given), context)
}

let server: HookServer
let origin: string

beforeEach(async () => {
  server = new HookServer()
  origin = await server.start()
})
afterEach(() => server.stop())

receiverContract('webhook', () =>
  openHttpSubject({
    create: (url, context) =>
      create({ url, headers: { 'x-token': 'h3ader' } }, new ManualClock(nowMs), context),
    path: '/hook/pa7h?token=s3cret',
    credentials: 'user:pa55@',
    read: (body, key) => ({
      identity: key,
      text: webhookText(body),
      faults: webhookFaults(body),
    }),
    yes: (response) => response.end(),
    no: (response) => response.writeHead(400).end('token=s3cret'),
    named: (host) => `http://${host}/…: `,
    secrets: ['s3cret', 'pa7h', 'pa55', 'h3ader', Buffer.from('user:pa55').toString('base64')],
  }),
)
httpReceiverContract('webhook', (url, clock) => create({ url }, clock))

describe('the body', () => {
  const render = (page: Page) => create({ url: 'http://127.0.0.1:1/' }).render(page)

  test("is Alertmanager's version 4 while firing, with our own facts beside it", () => {
    expect(JSON.parse(render(firingPage))).toEqual({
      version: '4',
      groupKey: 'group-1',
      truncatedAlerts: 0,
      status: 'firing',
      receiver: 'oncall',
      groupLabels: { service: 'web' },
      commonLabels: {
        alertname: 'error-regression',
        service: 'web',
        env: 'production',
        severity: 'page',
      },
      commonAnnotations: {
        summary:
          'FIRING web: status 500 went from 0.2 to 12 a minute (value 42.12, threshold 20), since push 3f2a9c1b7e by alice',
        sha: '3f2a9c1b7e4d5a6f8091a2b3c4d5e6f708192a3b',
        deploy: 'd1',
        value: '42.123456',
        threshold: '20',
        sample: '127.0.0.1 - - [01/Mar/2026:12:00:05 +0000] "GET /cart HTTP/1.1" 500 12',
      },
      externalURL: 'http://127.0.0.1:7077',
      notification_reason: 'firing',
      alerts: [
        {
          status: 'firing',
          labels: {
            alertname: 'error-regression',
            service: 'web',
            env: 'production',
            severity: 'page',
          },
          annotations: {
            summary:
              'FIRING web: status 500 went from 0.2 to 12 a minute (value 42.12, threshold 20), since push 3f2a9c1b7e by alice',
            sha: '3f2a9c1b7e4d5a6f8091a2b3c4d5e6f708192a3b',
            deploy: 'd1',
            value: '42.123456',
            threshold: '20',
            sample: '127.0.0.1 - - [01/Mar/2026:12:00:05 +0000] "GET /cart HTTP/1.1" 500 12',
          },
          startsAt: '2026-03-01T12:00:05.000Z',
          endsAt: '0001-01-01T00:00:00Z',
          generatorURL: 'http://127.0.0.1:7077/?to=2026-03-01T12:01:00Z',
          fingerprint: '0123456789abcdef',
        },
      ],
      lastpush: {
        key: 'key-1',
        url: 'http://127.0.0.1:7077/?to=2026-03-01T12:01:00Z',
        deploy: badPush,
        fixedBy: null,
        alerts: [firing],
      },
    })
  })

  test('names the end and the fix when resolved', () => {
    expect(JSON.parse(render(resolvedPage))).toMatchObject({
      status: 'resolved',
      notification_reason: 'resolved',
      alerts: [
        {
          status: 'resolved',
          endsAt: '2026-03-01T12:10:30.000Z',
          annotations: {
            summary:
              'RESOLVED web: status 500 went from 0.2 to 12 a minute (value 42.12, threshold 20), since push 3f2a9c1b7e by alice, fixed by push 77ab34cd90 by bob',
            fixed_by: '77ab34cd9012ef3456ab78cd90ef12ab34cd56ef',
          },
        },
      ],
      lastpush: { fixedBy: fix, alerts: [resolved] },
    })
  })

  test('leaves unknown facts out of the annotations', () => {
    const bare = { ...firing, sha: null, deploy: null, value: null, threshold: null, samples: [] }
    const body = JSON.parse(render({ ...firingPage, alerts: [bare] })) as {
      alerts: { annotations: object }[]
    }
    expect(body.alerts[0]?.annotations).toEqual({
      summary: 'FIRING web: status 500 went from 0.2 to 12 a minute, since an unknown push',
    })
  })

  test('calls common only what every alert has', () => {
    const other = { ...firing, rule: 'other', labels: { service: 'web', severity: 'chat' } }
    expect(JSON.parse(render({ ...firingPage, alerts: [firing, other] }))).toMatchObject({
      commonLabels: { service: 'web' },
    })
    const labels = (
      JSON.parse(render({ ...firingPage, alerts: [firing, other] })) as {
        commonLabels: object
      }
    ).commonLabels
    expect(Object.keys(labels)).toEqual(['service'])
  })

  test('holds at most max_alerts alerts and says how many it left out', () => {
    const receiver = create({ url: 'http://127.0.0.1:1/', max_alerts: 2 })
    const body = JSON.parse(
      receiver.render({ ...firingPage, alerts: [firing, firing, firing] }),
    ) as { truncatedAlerts: number; alerts: unknown[] }
    expect(body.truncatedAlerts).toBe(1)
    expect(body.alerts).toHaveLength(2)
  })

  test('S28: keeps hostile label values as data', () => {
    const labels = { ...firing.labels, service: 'x"},{"\r\nX-Evil: 1', ['__proto__']: 'p' }
    const body = JSON.parse(render({ ...firingPage, alerts: [{ ...firing, labels }] })) as {
      alerts: { labels: Record<string, string> }[]
    }
    const read = body.alerts[0]?.labels ?? {}
    expect(read['service']).toBe('x"},{"\r\nX-Evil: 1')
    expect(Object.getOwnPropertyDescriptor(read, '__proto__')?.value).toBe('p')
  })
})

describe('the request', () => {
  test('carries the key, the type and the configured headers, and the body unchanged', async () => {
    const receiver = create({ url: `${origin}/a?b=c`, headers: { 'X-Team': 'web' } })
    expect(await receiver.send('{"a":"é"}', 'key-7', signal)).toEqual({ ok: true })
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      path: '/a?b=c',
      body: '{"a":"é"}',
      headers: {
        'idempotency-key': 'key-7',
        'content-type': 'application/json',
        'x-team': 'web',
      },
    })
  })

  test('sends the credentials of the address as a header and keeps them out of sight', async () => {
    const url = `${origin.replace('//', '//us%40er:pa55@')}/hook?token=s3cret`
    const receiver = create({ url })
    server.answer = (response) => response.writeHead(403).end('token=s3cret')
    const outcome = await receiver.send('{}', 'k', signal)
    expect(server.requests[0]?.headers.authorization).toBe(
      `Basic ${Buffer.from('us@er:pa55').toString('base64')}`,
    )
    expect(receiver.address).toBe(`${origin}/…`)
    expect(outcome).toEqual({ ok: false, retry: false, error: `${origin}/… answered 403` })
    expect(create({ url: `${origin}/` }).address).toBe(origin)
  })

  test('S27: does not follow a redirect', async () => {
    server.answer = (response, request) => {
      response.writeHead(request.url === '/hook' ? 302 : 200, { location: '/inner' }).end()
    }
    const outcome = await create({ url: `${origin}/hook` }).send('{}', 'k', signal)
    expect(outcome).toMatchObject({ ok: false, retry: false })
    expect(server.requests.map(({ path }) => path)).toEqual(['/hook'])
  })
})

describe('the address in a file', () => {
  let dir: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'webhook-'))
  })
  afterEach(() => rm(dir, { recursive: true }))

  test('is read at each attempt', async () => {
    const file = join(dir, 'url')
    const receiver = create({ url_file: file })
    expect(await receiver.send('{}', 'k', signal)).toEqual({
      ok: false,
      retry: true,
      error: `${file} cannot be read: ENOENT`,
    })
    await writeFile(file, `${origin}/first?secret=1\n`)
    expect(await receiver.send('{}', 'k', signal)).toEqual({ ok: true })
    await writeFile(file, `${origin}/second`)
    expect(await receiver.send('{}', 'k', signal)).toEqual({ ok: true })
    expect(server.requests.map(({ path }) => path)).toEqual(['/first?secret=1', '/second'])
  })

  test('is not shown', async () => {
    const file = join(dir, 'url')
    await writeFile(file, `${origin}/T0/secret`)
    server.answer = (response) => response.writeHead(404).end()
    const receiver = create({ url_file: file })
    expect(receiver.address).toBe(`the address in ${file}`)
    expect(await receiver.send('{}', 'k', signal)).toEqual({
      ok: false,
      retry: false,
      error: `the address in ${file} answered 404`,
    })
  })
})

describe('the options', () => {
  test.each([
    ['another scheme', { url: 'file:///etc/passwd' }],
    ['no address', { url: 'hooks.example.com' }],
    ['neither address', {}],
    ['both addresses', { url: 'http://a/', url_file: '/b' }],
    ['a header with a line end', { url: 'http://a/', headers: { 'x-a': 'b\r\nx-evil: 1' } }],
    ['a header name with a line end', { url: 'http://a/', headers: { 'x-a\n': 'b' } }],
    ['a header that is ours', { url: 'http://a/', headers: { 'Idempotency-Key': 'b' } }],
    ['a header that frames the request', { url: 'http://a/', headers: { Host: 'b' } }],
    ['an unknown key', { url: 'http://a/', uri: 'x' }],
  ])('refuse %s', (_name, given) => {
    expect(webhookType.options.safeParse(given).success).toBe(false)
  })
})

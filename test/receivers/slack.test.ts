import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ManualClock } from '../../src/flow/time.ts'
import type { Page, Receiver, ReceiverContext } from '../../src/receivers/receiver.ts'
import { slackType } from '../../src/receivers/slack.ts'
import { escaped } from '../../src/receivers/slack-body.ts'
import { httpReceiverContract } from '../contract/http-receiver.ts'
import { receiverContract } from '../contract/receiver.ts'
import { HookServer } from './hook-server.ts'
import { openHttpSubject } from './http-subject.ts'
import { firing, firingPage, nowMs, resolvedPage } from './samples.ts'
import { slackFaults, slackText } from './slack-schema.ts'

const signal = new AbortController().signal
const dir = mkdtempSync(join(tmpdir(), 'slack-'))
afterAll(() => {
  rmSync(dir, { recursive: true })
})

let files = 0

/** Its address stands in a file of its own. */
function create(
  url: string,
  clock = new ManualClock(nowMs),
  more: Partial<ReceiverContext> = {},
): Receiver {
  const file = join(dir, `url-${(files += 1)}`)
  writeFileSync(file, `${url}\n`)
  const options = slackType.options.parse({ url_file: file })
  return slackType.create('chat', options, { clock, screen: new PassThrough(), ...more })
}

let server: HookServer
let origin: string
beforeEach(async () => {
  server = new HookServer()
  origin = await server.start()
})
afterEach(() => server.stop())

receiverContract('slack', () =>
  openHttpSubject({
    create: (url, context) => create(url, new ManualClock(nowMs), context),
    path: '/services/T0/B0/s3cret',
    read: (body, key) => ({ identity: key, text: slackText(body), faults: slackFaults(body) }),
    yes: (response) => response.end('ok'),
    no: (response) => response.writeHead(400).end('invalid_blocks'),
    named: () => `Slack, by the address in ${join(dir, `url-${files}`)}: `,
    secrets: ['s3cret', 'T0/B0'],
  }),
)
httpReceiverContract('slack', create)

const render = (page: Page) => create('https://hooks.slack.com/x').render(page)

interface Message {
  readonly text: string
  readonly blocks: readonly { readonly text?: { readonly type: string; readonly text: string } }[]
}

describe('the message', () => {
  test('begins with service, what, how much, since which push, by whom; then sample and link', () => {
    expect(JSON.parse(render(firingPage))).toEqual({
      text: 'FIRING web: status 500 went from 0.2 to 12 a minute (value 42.12, threshold 20), since push 3f2a9c1b7e by alice',
      mrkdwn: false,
      parse: 'none',
      unfurl_links: false,
      unfurl_media: false,
      blocks: [
        {
          type: 'section',
          text: {
            type: 'plain_text',
            text: 'FIRING web: status 500 went from 0.2 to 12 a minute (value 42.12, threshold 20), since push 3f2a9c1b7e by alice',
            emoji: false,
          },
        },
        {
          type: 'section',
          text: {
            type: 'mrkdwn',
            text: '```127.0.0.1 - - [01/Mar/2026:12:00:05 +0000] "GET /cart HTTP/1.1" 500 12```',
            verbatim: true,
          },
        },
        {
          type: 'context',
          elements: [
            {
              type: 'mrkdwn',
              text: '<http://127.0.0.1:7077/?to=2026-03-01T12:01:00Z|Open in lastpush>',
              verbatim: true,
            },
          ],
        },
      ],
    })
  })

  test('names the push that fixed it', () => {
    expect((JSON.parse(render(resolvedPage)) as Message).text).toMatch(
      /^RESOLVED web: .* fixed by push 77ab34cd90 by bob$/,
    )
  })

  test('S22: escapes & < > and nothing else, and cannot mention or link', () => {
    const hostile = '<!channel> <!here> <@U123> <#C1> <https://evil|click> a && b'
    const alert = { ...firing, summary: hostile, samples: [hostile] }
    const body = render({ ...firingPage, alerts: [alert] })
    const message = JSON.parse(body) as Message
    expect(message.blocks[1]?.text?.text).toBe(
      '```&lt;!channel&gt; &lt;!here&gt; &lt;@U123&gt; &lt;#C1&gt; &lt;https://evil|click&gt; a &amp;&amp; b```',
    )
    expect(message.text).not.toMatch(/[<>]/)
    expect(body).not.toContain('link_names')
    expect(body.match(/</g)).toHaveLength(1)
  })

  test('S22: shows a line with backticks as plain text, where they mean nothing', () => {
    const samples = ['``` *bold* <!here> ```']
    const message = JSON.parse(
      render({ ...firingPage, alerts: [{ ...firing, samples }] }),
    ) as Message
    expect(message.blocks[1]?.text).toEqual({
      type: 'plain_text',
      text: '``` *bold* &lt;!here&gt; ```',
      emoji: false,
    })
  })

  test('names up to ten other alerts and counts the rest', () => {
    const page = { ...firingPage, alerts: Array.from({ length: 13 }, () => firing) }
    const lines = (JSON.parse(render(page)) as Message).blocks[2]?.text?.text.split('\n') ?? []
    expect(lines).toHaveLength(11)
    expect(lines[0]).toBe('web: status 500 went from 0.2 to 12 a minute')
    expect(lines[10]).toBe('and 2 more')
  })

  test('keeps to the documented schema and limits for any text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.constantFrom('&'.repeat(50_000), '`'.repeat(4_000), '<!channel>'.repeat(400), '', '\ud800', '😀'.repeat(2_000)), // prettier-ignore
    )
    fc.assert(
      fc.property(
        text,
        text,
        text,
        fc.integer({ min: 0, max: 60 }),
        (summary, sample, url, more) => {
          const alert = {
            ...firing,
            summary,
            samples: [sample, sample],
            labels: { service: summary },
          }
          const alerts = Array.from({ length: more }, () => alert)
          expect(slackFaults(render({ ...firingPage, alerts, url }))).toEqual([])
        },
      ),
    )
  })
})

test('the schema check finds what it should', () => {
  const section = (text: string) => ({ type: 'section', text: { type: 'plain_text', text } })
  const faults = (body: object) => slackFaults(JSON.stringify({ text: 'a', ...body }))
  expect(faults({ blocks: [section('x'.repeat(3_001))] })).toEqual(['blocks[0].text has 3001'])
  expect(faults({ blocks: [section('')] })).toEqual(['blocks[0].text has 0'])
  expect(faults({ blocks: Array.from({ length: 51 }, () => section('a')) })).toEqual(['51 blocks'])
  expect(faults({ link_names: 1, blocks: [] })).toEqual(['link_names', '0 blocks'])
  expect(faults({ blocks: [section('a <b')] })).toEqual(['blocks[0].text is not escaped'])
})

describe('an escaped text', () => {
  test.each([
    ['a<b', 10, 'a&lt;b'],
    ['&&&', 15, '&amp;&amp;&amp;'],
    ['&&&&', 15, '&amp;&amp;…'],
    ['ab😀😀', 5, 'ab😀…'],
  ])('%s of at most %i is %s', (text, max, expected) => {
    expect(escaped(text, max)).toBe(expected)
  })
})

describe('the request', () => {
  test('goes to the address in the file, which nobody is shown', async () => {
    const receiver = create(`${origin}/services/T0/B0/s3cret`)
    server.answer = (response) => response.writeHead(404).end('no_service')
    const outcome = await receiver.send('{}', 'k', signal)
    expect(server.requests[0]?.path).toBe('/services/T0/B0/s3cret')
    expect(outcome).toEqual({
      ok: false,
      retry: false,
      error: `Slack, by the address in ${join(dir, `url-${files}`)} answered 404: no_service`,
    })
    expect(receiver.address).not.toContain('s3cret')
  })

  test('is not made to an address that is not private', async () => {
    const outcome = await create('http://hooks.example.com/s3cret').send('{}', 'k', signal)
    expect(outcome).toEqual({
      ok: false,
      retry: true,
      error: `${join(dir, `url-${files}`)} must hold one https address`,
    })
  })

  test('waits as long as 429 says', async () => {
    server.answer = (response) => response.writeHead(429, { 'retry-after': '30' }).end()
    expect(await create(origin).send('{}', 'k', signal)).toMatchObject({
      ok: false,
      retry: true,
      retryAfterMs: 30_000,
    })
  })
})

test.each([
  ['no address', {}],
  ['two addresses', { url_file: '/a', url_env: 'B' }],
  ['the address itself', { url: 'https://hooks.slack.com/x' }],
])('the options refuse %s', (_name, given) => {
  expect(slackType.options.safeParse(given).success).toBe(false)
})

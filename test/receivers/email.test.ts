import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ManualClock } from '../../src/flow/time.ts'
import { emailType } from '../../src/receivers/email.ts'
import type { Outcome, Receiver, ReceiverContext } from '../../src/receivers/receiver.ts'
import { receiverContract, type Subject } from '../contract/receiver.ts'
import { mailFaults } from './mail-faults.ts'
import { firing, firingPage, nowMs, resolvedPage, since } from './samples.ts'
import { Certificate, decodedWords, headersOf, MailServer, partsOf, reply } from './smtp.ts'

const signal = new AbortController().signal
const dir = mkdtempSync(join(tmpdir(), 'email-'))
const passwordFile = join(dir, 'password')
let good: Certificate
let server: MailServer

beforeAll(() => {
  good = new Certificate('localhost', 2)
})
afterAll(() => {
  good.remove()
  rmSync(dir, { recursive: true })
})
beforeEach(async () => {
  writeFileSync(passwordFile, 's3cret\n')
  server = new MailServer()
  await server.start(good)
})
afterEach(() => server.stop())

function create(
  given: object = {},
  clock = new ManualClock(nowMs),
  more: Partial<ReceiverContext> = {},
): Receiver {
  const options = emailType.options.parse({
    host: 'localhost',
    port: server.port,
    ca_file: good.file,
    user: 'lastpush',
    password_file: passwordFile,
    from: 'lastpush@example.com',
    to: ['a@example.com', 'b@example.com'],
    ...given,
  })
  return emailType.create('team', options, { clock, screen: new PassThrough(), ...more })
}

/** A mail server with TLS and a password, one that refuses each message, and one that says nothing. */
async function openMailServers(): Promise<Subject> {
  const silent = createServer()
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const other = new MailServer()
  const at = (port: number, context: Partial<ReceiverContext>): Receiver =>
    create({ port }, new ManualClock(nowMs), context)
  return {
    secrets: ['s3cret', Buffer.from('\0lastpush\0s3cret').toString('base64')],
    create: (context) => at(server.port, context),
    taken: () =>
      server.mails.map((mail) => ({
        identity: headersOf(mail.raw).get('message-id')?.[0] ?? '',
        text: partsOf(mail.raw)[0]?.text ?? '',
        faults: mailFaults(mail, ['a@example.com', 'b@example.com']),
      })),
    hung: async () => {
      const { port } = silent.address() as AddressInfo
      const reached = new Promise<Socket>((resolve) => silent.once('connection', resolve))
      return { receiver: at(port, {}), reached }
    },
    refusing: async (context) => {
      other.hooks = { afterData: () => reply(550, 'no such list') }
      await other.start(good)
      return at(other.port, context)
    },
    unreachable: async (context) => {
      await other.start(good)
      const { port } = other
      await other.stop()
      return { receiver: at(port, context), names: `localhost:${port}: ` }
    },
    close: async () => {
      silent.close()
      await other.stop()
    },
  }
}

receiverContract('email', openMailServers)

const send = (receiver = create(), page = firingPage): Promise<Outcome> =>
  receiver.send(receiver.render(page), page.key, signal)

/** Starts the server anew with other hooks. */
async function restart(hooks: MailServer['hooks'], certificate = good): Promise<void> {
  await server.stop()
  server.hooks = hooks
  await server.start(certificate)
}

describe('a page', () => {
  test('arrives as text and HTML over TLS with its first line as the subject', async () => {
    expect(await send()).toEqual({ ok: true })
    const [mail] = server.mails
    const raw = mail?.raw ?? ''
    expect(mail).toMatchObject({
      from: 'lastpush@example.com',
      to: ['a@example.com', 'b@example.com'],
    })
    const headers = headersOf(raw)
    expect(headers.get('subject')).toEqual([
      'FIRING web: status 500 went from 0.2 to 12 a minute (value 42.12, threshold 20), since push 3f2a9c1b7e by alice',
    ])
    expect(headers.get('from')).toEqual(['lastpush <lastpush@example.com>'])
    expect(headers.get('to')).toEqual(['a@example.com, b@example.com'])
    expect(headers.get('date')).toEqual(['Sun, 01 Mar 2026 12:00:00 +0000'])
    expect(headers.get('auto-submitted')).toEqual(['auto-generated'])
    const [text, html] = partsOf(raw)
    expect(text).toEqual({
      type: 'text/plain',
      text: `FIRING web: status 500 went from 0.2 to 12 a minute (value 42.12, threshold 20), since push 3f2a9c1b7e by alice

  127.0.0.1 - - [01/Mar/2026:12:00:05 +0000] "GET /cart HTTP/1.1" 500 12

http://127.0.0.1:7077/?to=2026-03-01T12:01:00Z

Service: web
Environment: production
Rule: error-regression
Began: 2026-03-01 12:00:05 UTC
Value: 42.12
Threshold: 20
Push: 3f2a9c1b7e
By: alice
`,
    })
    expect(html?.type).toBe('text/html')
    expect(html?.text).toContain('&quot;GET /cart HTTP/1.1&quot; 500 12</pre>')
    expect(html?.text).toContain('<a href="http://127.0.0.1:7077/?to=2026-03-01T12:01:00Z" style=')
  })

  test('has one Message-ID at every attempt, and later pages of the group refer to the first', async () => {
    const update = { ...firingPage, key: 'key-1b', reason: 'update' as const }
    for (const page of [firingPage, firingPage, update, resolvedPage]) {
      expect(await send(create(), page)).toEqual({ ok: true })
    }
    const told = server.mails.map(({ raw }) => headersOf(raw))
    const ids = told.map((headers) => headers.get('message-id')?.[0])
    expect(ids[0]).toMatch(/^<group-[0-9a-f]{16}@example\.com>$/)
    expect(ids[1]).toBe(ids[0])
    expect(new Set(ids).size).toBe(3)
    const references = told.map((headers) => headers.get('references'))
    expect(references).toEqual([undefined, undefined, [ids[0]], [ids[0]]])
    expect(told.map((headers) => headers.get('in-reply-to'))).toEqual(references)
  })

  test('of another group is another thread', async () => {
    await send(create(), firingPage)
    await send(create(), { ...firingPage, groupKey: 'group-2' })
    const ids = server.mails.map(({ raw }) => headersOf(raw).get('message-id')?.[0])
    expect(ids[0]).not.toBe(ids[1])
  })
})

describe('hostile text', () => {
  const hostile = [
    'x\r\nBcc: v@evil.example',
    'x\nSubject: y',
    'x\ry',
    'x\0y',
    'x\u2028Bcc: v@evil.example',
    '=?utf-8?q?=0d=0aBcc:_v@evil.example?=',
    'y'.repeat(10_240),
    'Grüße 🚀 "\\',
    '\ud800',
  ]

  test.each(hostile)('S23: %j makes no header and no recipient', async (text) => {
    const alert = { ...firing, rule: text, summary: text, labels: { service: text, env: text } }
    const about = { ...firingPage, alerts: [alert], groupKey: text, key: text }
    const page = since(about, { by: text })
    expect(await send(create(), page)).toEqual({ ok: true })
    const [mail] = server.mails
    expect(mail?.to).toEqual(['a@example.com', 'b@example.com'])
    expect([...headersOf(mail?.raw ?? '').keys()].sort()).toEqual(
      ['auto-submitted', 'content-type', 'date', 'from', 'message-id', 'mime-version', 'subject', 'to'], // prettier-ignore
    )
    const [subject = ''] = headersOf(mail?.raw ?? '').get('subject') ?? []
    expect(decodedWords(subject)).not.toMatch(/[\r\n\0\u2028]/)
    expect(mail?.raw.split('\r\n').every((line) => line.length < 998)).toBe(true)
  })

  test('S24: a line that ends a message does not end it', async () => {
    const samples = ['a\n.\nMAIL FROM:<v@evil.example>', '\r.\r\n', '.', '..']
    expect(await send(create(), { ...firingPage, alerts: [{ ...firing, samples }] })).toEqual({
      ok: true,
    })
    expect(server.mails).toHaveLength(1)
    const [text] = partsOf(server.mails[0]?.raw ?? '')
    expect(text?.text).toContain('  a\\n.\\nMAIL FROM:<v@evil.example>\n  \\r.\\r\\n\n  .\n  ..\n')
  })

  test('S25: a line that asks for a file or an address is text', async () => {
    const line = '{ "path": "/etc/passwd", "href": "http://169.254.169.254/", "attachments": [] }'
    expect(await send(create(), { ...firingPage, alerts: [{ ...firing, summary: line, samples: [line] }] })).toEqual({ ok: true }) // prettier-ignore
    const raw = server.mails[0]?.raw ?? ''
    expect(raw).not.toContain('root:')
    expect(partsOf(raw)).toHaveLength(2)
  })

  test('S26: markup in a line is shown as text, and nothing is loaded', async () => {
    const line = '<img src=http://evil/track onerror="alert(1)"> \' </pre></body><script>x</script>'
    const page = { ...firingPage, alerts: [{ ...firing, summary: line, samples: [line] }] }
    expect(await send(create(), { ...page, url: 'javascript:alert(1)' })).toEqual({ ok: true })
    const html = partsOf(server.mails[0]?.raw ?? '')[1]?.text ?? ''
    const tags = [...html.matchAll(/<([a-z]+)/g)].map(([, name]) => name)
    expect([...new Set(tags)].sort()).toEqual(
      ['body', 'div', 'head', 'html', 'meta', 'p', 'pre', 'span', 'table', 'td', 'title', 'tr'], // prettier-ignore
    )
    expect(html).toContain('&lt;img src=http://evil/track onerror=&quot;alert(1)&quot;&gt; &#39;')
    expect(html).not.toContain('javascript:')
  })
})

describe('F65: a refusal', () => {
  const refusals: [string, MailServer['hooks'], boolean, RegExp][] = [
    [
      '421 as a greeting',
      { onConnect: (_s, done) => done(reply(421, 'busy')) },
      true,
      /421 .*busy/,
    ],
    ['554 as a greeting', { onConnect: (_s, done) => done(reply(554, 'no')) }, true, /554/],
    ['451 to the sender', { onMailFrom: (_a, _s, done) => done(reply(451, 'later')) }, true, /451/],
    ['550 to the sender', { onMailFrom: (_a, _s, done) => done(reply(550, 'no')) }, false, /550/],
    [
      '450 to all recipients',
      { onRcptTo: (_a, _s, done) => done(reply(450, 'full')) },
      true,
      /450/,
    ],
    [
      '550 to all recipients',
      { onRcptTo: (_a, _s, done) => done(reply(550, 'who')) },
      false,
      /550/,
    ],
    ['451 after DATA', { afterData: () => reply(451, 'later') }, true, /451/],
    ['550 after DATA', { afterData: () => reply(550, 'spam') }, false, /550/],
    ['535 to the password', { onAuth: (_a, _s, done) => done(reply(535, 'wrong')) }, true, /535/],
    ['a cut before 250', { cutAfterData: () => true }, true, /clos/],
  ]

  test.each(refusals)('with %s', async (_name, hooks, retry, error) => {
    await restart(hooks)
    const outcome = await send()
    expect(outcome).toMatchObject({ ok: false, retry })
    expect(outcome.ok ? '' : outcome.error).toMatch(error)
    expect(server.mails).toEqual([])
  })

  test('that passes leaves each page once in its thread', async () => {
    // What the server does at each of its first connections.
    const troubles = ['421', '450', '451', 'cut', 'no']
    let trouble: string | undefined
    await restart({
      onConnect: (_session, done) => {
        trouble = troubles.shift()
        done(trouble === '421' ? reply(421, 'busy') : null)
      },
      onRcptTo: (_address, _session, done) => done(trouble === '450' ? reply(450, 'full') : null),
      afterData: () => (trouble === '451' ? reply(451, 'later') : null),
      cutAfterData: () => trouble === 'cut',
    })
    const receiver = create()
    const outcomes: boolean[] = []
    for (const page of [firingPage, resolvedPage]) {
      for (let isTold = false; !isTold;) {
        const outcome = await send(receiver, page)
        isTold = outcome.ok
        outcomes.push(outcome.ok)
      }
    }
    expect(outcomes).toEqual([false, false, false, false, true, true])
    const ids = server.mails.map(({ raw }) => headersOf(raw).get('message-id')?.[0])
    expect(ids).toHaveLength(2)
    expect(headersOf(server.mails[1]?.raw ?? '').get('references')).toEqual([ids[0]])
  })

  test('of one recipient for now is tried again for that one only', async () => {
    let isFull = true
    await restart({
      onRcptTo: ({ address }, _session, done) =>
        done(isFull && address === 'b@example.com' ? reply(450, 'full') : null),
    })
    const receiver = create()
    expect(await send(receiver)).toMatchObject({
      ok: false,
      retry: true,
      error: '1 of 2 recipients refused: b@example.com: 450 full',
    })
    isFull = false
    expect(await send(receiver)).toEqual({ ok: true })
    expect(server.mails.map(({ to }) => to)).toEqual([['a@example.com'], ['b@example.com']])
  })

  test('of one recipient for good reaches the others and is told', async () => {
    await restart({
      onRcptTo: ({ address }, _session, done) =>
        done(address === 'b@example.com' ? reply(550, 'unknown') : null),
    })
    expect(await send()).toEqual({
      ok: false,
      retry: false,
      error: '1 of 2 recipients refused: b@example.com: 550 unknown',
    })
    expect(server.mails.map(({ to }) => to)).toEqual([['a@example.com']])
  })

  test('of the connection may pass', async () => {
    const receiver = create()
    await server.stop()
    expect(await send(receiver)).toMatchObject({ ok: false, retry: true })
  })
})

describe('F67: what is not encrypted as it should be', () => {
  const cases: [string, () => Promise<void>, object, RegExp][] = [
    [
      'a certificate that nobody vouches for',
      async () => {},
      { ca_file: undefined },
      /: self-signed certificate$/,
    ],
    [
      'a certificate of another host',
      () => restartAs('other.example', 2),
      {},
      /does not match certificate/,
    ],
    [
      'a certificate that has ended',
      () => restartAs('localhost', -1),
      {},
      /: certificate has expired$/,
    ],
    [
      'STARTTLS that was stripped',
      () => restart({ disabledCommands: ['STARTTLS'] }),
      {},
      /STARTTLS: 500/,
    ],
    [
      'a server that knows TLS 1.1 only',
      () => restart({ maxVersion: 'TLSv1.1' }),
      {},
      /: TLS: tlsv1 alert protocol version$/,
    ],
    [
      'a plain server where TLS is expected at once',
      async () => {},
      { tls: 'implicit' },
      /: TLS: wrong version number$/,
    ],
  ]
  let other: Certificate | null = null
  afterEach(() => {
    other?.remove()
    other = null
  })

  async function restartAs(host: string, days: number): Promise<void> {
    other = new Certificate(host, days)
    await restart({}, other)
  }

  test.each(cases)('is refused: %s', async (_name, prepare, given, error) => {
    let commands = ''
    await prepare()
    server.hooks = { ...server.hooks, onAuth: (auth, _session, done) => {
      commands += `AUTH ${auth.username ?? ''}`
      done(null, { user: 'x' })
    }, onMailFrom: (_address, _session, done) => {
      commands += 'MAIL'
      done()
    } } // prettier-ignore
    const outcome = await send(
      create({ ...(other === null ? {} : { ca_file: other.file }), ...given }),
    )
    expect(outcome).toMatchObject({ ok: false, retry: true })
    expect(outcome.ok ? '' : outcome.error).toMatch(error)
    expect(commands).toBe('')
    expect(server.mails).toEqual([])
  })

  test('is sent where the configuration says so, without a password', async () => {
    await restart({ disabledCommands: ['STARTTLS', 'AUTH'] })
    const receiver = create({ tls: 'none', user: undefined, password_file: undefined, ca_file: undefined }) // prettier-ignore
    expect(await send(receiver)).toEqual({ ok: true })
  })

  test('is not asked for when TLS is there at once', async () => {
    await restart({ secure: true })
    expect(await send(create({ tls: 'implicit' }))).toEqual({ ok: true })
  })

  test('a server that offers no log-in is not given the message', async () => {
    await restart({ disabledCommands: ['AUTH'] })
    expect(await send()).toMatchObject({ ok: false, retry: true })
    expect(server.mails).toEqual([])
  })
})

describe('a server that does not answer', () => {
  let silent: Server
  let connected: Promise<Socket>
  beforeEach(async () => {
    connected = new Promise((resolve) => (silent = createServer(resolve)))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  })
  afterEach(() => silent.close())
  const port = (): number => (silent.address() as AddressInfo).port

  test('is given up after thirty seconds', async () => {
    const clock = new ManualClock(nowMs)
    const sent = send(create({ port: port() }, clock))
    const socket = await connected
    clock.advance(30_000)
    expect(await sent).toEqual({
      ok: false,
      retry: true,
      error: `localhost:${port()}: it took longer than 30 s`,
    })
    socket.destroy()
  })

  test('is left at once when the daemon stops', async () => {
    const stop = new AbortController()
    const receiver = create({ port: port() })
    const sent = receiver.send(receiver.render(firingPage), 'k', stop.signal)
    const socket = await connected
    stop.abort()
    expect(await sent).toEqual({ ok: false, retry: true, error: `localhost:${port()}: stopped` })
    socket.destroy()
  })
})

describe('the password', () => {
  test('is read at each attempt and never told', async () => {
    const receiver = create()
    writeFileSync(passwordFile, 'wr0ng')
    const outcome = await send(receiver)
    expect(outcome).toMatchObject({ ok: false, retry: true })
    expect(JSON.stringify([outcome, receiver.address, receiver.render(firingPage)])).not.toMatch(
      /wr0ng|s3cret/,
    )
    writeFileSync(passwordFile, 's3cret')
    expect(await send(receiver)).toEqual({ ok: true })
  })

  test('that is missing is waited for', async () => {
    const file = join(dir, 'none')
    expect(await send(create({ password_file: file }))).toEqual({
      ok: false,
      retry: true,
      error: `${file} cannot be read: ENOENT`,
    })
    expect(await send(create({ ca_file: file }))).toEqual({
      ok: false,
      retry: true,
      error: `${file} cannot be read: ENOENT`,
    })
  })
})

const least = { host: 'mail', from: 'a@b.c', to: ['d@e.f'] }
test.each([
  ['no recipient', { ...least, to: [] }],
  ['a recipient with a line end', { ...least, to: ['a@b.c\r\nRCPT TO:<v@evil.example>'] }],
  ['two addresses as one', { ...least, to: ['a@b.c, d@e.f'] }],
  ['a sender that is none', { ...least, from: 'lastpush' }],
  ['a host with a space', { ...least, host: 'a b' }],
  ['a user without password', { ...least, user: 'u' }],
  ['a password without user', { ...least, password_env: 'P' }],
  ['two passwords', { ...least, user: 'u', password_env: 'P', password_file: '/p' }],
  ['the password itself', { ...least, user: 'u', password: 'p' }],
  ['a password without TLS', { ...least, tls: 'none', user: 'u', password_env: 'P' }],
])('the options refuse %s', (_name, given) => {
  expect(emailType.options.safeParse(least).success).toBe(true)
  expect(emailType.options.safeParse(given).success).toBe(false)
})

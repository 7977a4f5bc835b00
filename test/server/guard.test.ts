import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ownHosts } from '../../src/server/guard.ts'
import { bindAddress } from '../../src/server/listen.ts'
import { codeOf, Harness } from './harness.ts'

let harness: Harness
let port: number
beforeEach(async () => {
  harness = await new Harness().start()
  port = harness.at.port
})
afterEach(() => harness.server.close())

const paths = ['/', '/assets/x.js', '/api/v1/alerts', '/api/v1/stream', '/metrics', '/-/healthy']

describe('S08: DNS rebinding', () => {
  const foreign = [
    'evil.example:PORT',
    '127.0.0.1.evil.example:PORT',
    'localhost.evil:PORT',
    'localhost.:PORT',
    '0.0.0.0:PORT',
    '[::]:PORT',
    '[::ffff:127.0.0.1]:PORT',
    '2130706433:PORT',
    'user@127.0.0.1:PORT',
    '127.0.0.1',
    '[::1]',
    '127.0.0.1:1',
    '127.0.0.1:PORT, evil.example',
    ':PORT',
  ]

  test.each(foreign)('S08: refuses Host %s on every path', async (template) => {
    const host = template.replace('PORT', String(port))
    for (const path of [...paths, '/api/none', '/%']) {
      const answer = await harness.ask(path, { headers: { host } })
      expect([path, answer.status, codeOf(answer)]).toEqual([path, 421, 'HOST_REFUSED'])
    }
    expect(harness.view.asked).toEqual([])
  })

  test.each(['127.0.0.1:PORT', 'localhost:PORT', 'LocalHost:PORT', '[::1]:PORT'])(
    'S08: answers to Host %s',
    async (template) => {
      const host = template.replace('PORT', String(port))
      expect((await harness.ask('/api/v1/alerts', { headers: { host } })).status).toBe(200)
    },
  )

  test('S08: refuses two Hosts, whichever comes first', async () => {
    const [own, evil] = [`Host: 127.0.0.1:${port}`, 'Host: evil.example']
    for (const hosts of [`${own}\r\n${evil}`, `${evil}\r\n${own}`, `${own}\r\n${own}`]) {
      const answer = await harness.raw(`GET /metrics HTTP/1.1\r\n${hosts}\r\n\r\n`)
      expect(answer).toMatch(/^HTTP\/1\.1 (400|421) /)
    }
  })

  test('S08: finds a second Host behind thousands of headers', async () => {
    const filler = 'a:\r\n'.repeat(3_000)
    const answer = await harness.raw(
      `GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${filler}Host: evil.example\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 421 /)
  })

  test('S08: refuses a request without Host, in HTTP/1.1 and HTTP/1.0', async () => {
    expect(await harness.raw('GET /metrics HTTP/1.1\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
    expect(await harness.raw('GET /metrics HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 421 /)
  })

  test('S08: refuses a full address as request target', async () => {
    const answer = await harness.raw(
      `GET http://evil.example/metrics HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  })

  test("S08: takes names without a port only where HTTP's own port is ours", () => {
    expect([...ownHosts('127.0.0.1', 80)]).toContain('localhost')
    expect([...ownHosts('127.0.0.1', 7077)]).not.toContain('localhost')
    expect([...ownHosts('127.0.0.9', 7077)]).toContain('127.0.0.9:7077')
    expect([...ownHosts('::1', 7077)]).toContain('[::1]:7077')
  })
})

describe('S09: forged requests from other sites', () => {
  const report = '{"sha":"3f2a9c1"}'
  const post = (headers: Record<string, string>, body = report) =>
    harness.ask('/api/v1/deploys', { method: 'POST', headers, body })

  afterEach(() => expect(harness.view.asked).toEqual([]))

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain; application/json',
    'application/json, text/plain',
    'application/jsonp',
    '',
  ])('S09: refuses a body of type "%s"', async (type) => {
    const answer = await post(type === '' ? {} : { 'content-type': type })
    expect([answer.status, codeOf(answer)]).toEqual([415, 'MEDIA_TYPE_REFUSED'])
  })

  test.each(['cross-site', 'same-site', 'whatever'])(
    'S09: refuses a change that the browser calls %s',
    async (site) => {
      const answer = await post({ 'content-type': 'application/json', 'sec-fetch-site': site })
      expect([answer.status, codeOf(answer)]).toEqual([403, 'ORIGIN_REFUSED'])
    },
  )

  test('S09: refuses JSON from a page of another origin', async () => {
    const answer = await post({ 'content-type': 'application/json', origin: 'http://evil.example' })
    expect([answer.status, codeOf(answer)]).toEqual([403, 'ORIGIN_REFUSED'])
  })

  test('S09: refuses a compressed body', async () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    expect((await post(headers)).status).toBe(415)
  })

  test('S09: has no path on which a GET changes something', async () => {
    for (const path of ['/api/v1/deploys?sha=3f2a9c1', '/api/v1/reload', '/-/reload', '/-/quit']) {
      expect((await harness.ask(path)).status).toBeGreaterThanOrEqual(400)
    }
  })

  test.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND'])(
    'S09: refuses the method %s',
    async (method) => {
      const answer = await harness.ask('/api/v1/deploys', { method })
      expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD, POST'])
    },
  )
})

test('S09: takes a report from the page itself and from tools', async () => {
  const own = { origin: harness.at.origin, 'sec-fetch-site': 'same-origin' }
  expect((await harness.postDeploy('{"sha":"3f2a9c1"}', own)).status).toBe(201)
  const tool = { 'content-type': 'Application/JSON; charset=utf-8' }
  expect((await harness.postDeploy('{"sha":"3f2a9c1"}', tool)).status).toBe(201)
})

describe('S10 and S11: reading from other origins', () => {
  const origins = [
    'http://evil',
    'http://localhost.evil',
    'null',
    'http://10.0.0.1',
    'http://127.0.0.1',
    'http://127.0.0.1:1',
    'https://127.0.0.1:PORT',
    'http://127.0.0.1:PORT.evil',
    'file://',
    '',
  ]

  test.each(origins)('S10: refuses Origin "%s" on every path, the stream too', async (template) => {
    const origin = template.replace('PORT', String(port))
    for (const path of paths) {
      const answer = await harness.ask(path, { headers: { origin } })
      expect([path, answer.status]).toEqual([path, 403])
    }
    expect(harness.view.asked).toEqual([])
  })

  test('S11: never sends a CORS header, whoever asks', async () => {
    const asks = [
      harness.ask('/api/v1/alerts'),
      harness.ask('/api/v1/alerts', { headers: { origin: harness.at.origin } }),
      harness.ask('/api/v1/alerts', { headers: { origin: 'http://evil' } }),
      harness.ask('/api/v1/deploys', {
        method: 'OPTIONS',
        headers: { origin: 'http://evil', 'access-control-request-method': 'POST' },
      }),
    ]
    const names = (await Promise.all(asks)).flatMap(({ headers }) => Object.keys(headers))
    expect(names.filter((name) => name.startsWith('access-control'))).toEqual([])
  })
})

test('S12: sends the security headers with every answer, refusals too', async () => {
  const asks = [
    ...paths.filter((path) => !path.endsWith('stream')).map((path) => harness.ask(path)),
    harness.ask('/%'),
    harness.ask('/', { headers: { host: 'evil' } }),
    harness.ask('/', { method: 'TRACE' }),
  ]
  for (const { headers } of await Promise.all(asks)) {
    expect(headers).toMatchObject({
      'content-security-policy':
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    })
  }
})

describe('S13: where it can be reached', () => {
  const wide = ['0.0.0.0', '::', '', '192.168.1.1', 'example.com', '0', '::ffff:127.0.0.1', '127.1']

  test.each(wide)('S13: refuses to listen on "%s"', async (host) => {
    const other = new Harness()
    await expect(other.server.listen(host, 0)).rejects.toMatchObject({ code: 'BIND_REFUSED' })
    await other.server.close()
  })

  test.each([
    ['0.0.0.0', '0.0.0.0'],
    ['::', '::'],
    ['[::]', '::'],
    ['192.168.1.1', '192.168.1.1'],
    ['127.0.0.9', '127.0.0.9'],
    ['localhost', '127.0.0.1'],
  ])('S13: with a token it may bind "%s"', (host, address) => {
    expect(bindAddress(host, true)).toBe(address)
  })

  test.each(['', 'example.com', '0', '127.1', '2130706433', '[127.0.0.1', '0x7f.1'])(
    'S13: even with a token "%s" is no address',
    (host) => {
      expect(() => bindAddress(host, true)).toThrow('is no IP address')
    },
  )

  test('S13: cannot be reached by any outer address of this machine', async () => {
    const outer = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4')
    for (const { address } of outer) {
      const socket = connect(port, address)
      await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    }
    const own = connect(port, '127.0.0.1')
    await once(own, 'connect')
    own.destroy()
  })

  test('S13: takes localhost for 127.0.0.1', async () => {
    const other = new Harness()
    const at = await other.server.listen('localhost', 0)
    expect(at).toEqual({
      address: '127.0.0.1',
      port: at.port,
      origin: `http://127.0.0.1:${at.port}`,
    })
    await other.server.close()
  })
})

test('says which port is taken and what to do', async () => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const { port: taken } = holder.address() as AddressInfo
  const other = new Harness()
  await expect(other.server.listen('127.0.0.1', taken)).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: `port ${taken} on 127.0.0.1 is taken: stop the process that has it (ss -ltnp 'sport = :${taken}' names it), or choose another port`,
  })
  await other.server.close()
  holder.close()
})

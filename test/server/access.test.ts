/** S14 and S44: with a token nobody reads or changes anything without it. */
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { silentLog } from '../../src/flow/log.ts'
import { ManualClock } from '../../src/flow/time.ts'
import { Access, sessionSeconds } from '../../src/server/access.ts'
import { codeOf, Harness, nowMs } from './harness.ts'

const token = 'tok-4f1d8a2b9c7e6035'
const bearer = { authorization: `Bearer ${token}` }
const json = { 'content-type': 'application/json' }

let harness: Harness
beforeEach(async () => {
  harness = await new Harness('/nonexistent', undefined, { token }).start()
})
afterEach(() => harness.server.close())

const closed = [
  '/',
  '/?q=a',
  '/assets/x.js',
  '/api/v1/alerts',
  '/api/v1/events?q=*',
  '/api/v1/stream',
  '/api/v1/none',
  '/metrics',
  '/-/healthy/',
  '/-/healthy/../../metrics',
  '/x/-/healthy',
  '//-/healthy',
  '/-/Healthy',
  '/%2d/healthy',
]

describe('S14: a request without the token', () => {
  test.each(closed)('S14: is refused for %s, with what to send', async (path) => {
    const answer = await harness.ask(path)
    expect([answer.status, codeOf(answer)]).toEqual([401, 'TOKEN_REQUIRED'])
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="lastpush"')
    expect(harness.view.asked).toEqual([])
  })

  test('S14: is refused for a report and for a session', async () => {
    expect((await harness.postDeploy('{"sha":"3f2a9c1"}')).status).toBe(401)
    const ask = { method: 'POST', headers: json, body: '{}' }
    expect((await harness.ask('/api/v1/session', ask)).status).toBe(401)
    expect(harness.view.asked).toEqual([])
  })

  test.each(['/-/healthy', '/-/ready', '/-/healthy?x=1'])('is answered at %s', async (path) => {
    expect((await harness.ask(path)).status).toBe(200)
  })

  test.each([
    token,
    `Basic ${token}`,
    'Bearer',
    'Bearer ',
    `Bearer ${token}x`,
    `Bearer ${token.slice(0, -1)}`,
    `Bearer ${token.toUpperCase()}`,
    `Bearer ${token}, Bearer ${token}`,
    `Bearer x ${token}`,
  ])('S14: "%s" is no token', async (authorization) => {
    const answer = await harness.ask('/metrics', { headers: { authorization } })
    expect([answer.status, codeOf(answer)]).toEqual([401, 'TOKEN_REQUIRED'])
  })

  test('S14: neither in the address nor in a cookie of its own', async () => {
    const asks = [
      harness.ask(`/metrics?token=${token}&access_token=${token}`),
      harness.ask('/metrics', { headers: { cookie: `lastpush_${harness.at.port}=${token}` } }),
    ]
    for (const answer of await Promise.all(asks)) expect(answer.status).toBe(401)
  })
})

describe('a request with the token', () => {
  test.each(['Bearer', 'bearer', 'BEARER '])('is answered (%s)', async (scheme) => {
    const headers = { authorization: `${scheme} ${token}` }
    expect((await harness.ask('/api/v1/alerts', { headers })).status).toBe(200)
  })

  test('may report a deploy', async () => {
    expect((await harness.postDeploy('{"sha":"3f2a9c1"}', bearer)).status).toBe(201)
  })

  test('S08 and S10: is refused all the same for a foreign Host or Origin', async () => {
    const host = { ...bearer, host: `evil.example:${harness.at.port}` }
    expect((await harness.ask('/metrics', { headers: host })).status).toBe(421)
    const origin = { ...bearer, origin: 'http://evil.example' }
    expect((await harness.ask('/metrics', { headers: origin })).status).toBe(403)
  })
})

describe('a session', () => {
  async function open(headers: Record<string, string> = bearer) {
    const ask = { method: 'POST', headers: { ...json, ...headers }, body: '{}' }
    return harness.ask('/api/v1/session', ask)
  }
  const cookieOf = async () => String((await open()).headers['set-cookie']).split(';')[0] ?? ''
  const status = async (cookie: string, path = '/api/v1/alerts') =>
    (await harness.ask(path, { headers: { cookie } })).status

  test('is a cookie that no script reads and no other site sends', async () => {
    const answer = await open()
    expect(answer.status).toBe(204)
    expect(String(answer.headers['set-cookie'])).toMatch(
      new RegExp(
        `^lastpush_${harness.at.port}=\\d+\\.[\\w-]{43}; Path=/; Max-Age=604800; HttpOnly; SameSite=Strict$`,
      ),
    )
    expect(String(answer.headers['set-cookie'])).not.toContain(token)
  })

  test('takes the place of the token, among other cookies too', async () => {
    const cookie = await cookieOf()
    expect(await status(cookie)).toBe(200)
    expect(await status(`a=b; ${cookie}; c=d`)).toBe(200)
    const headers = { cookie, origin: harness.at.origin, 'sec-fetch-site': 'same-origin' }
    expect((await harness.postDeploy('{"sha":"3f2a9c1"}', headers)).status).toBe(201)
  })

  test('ends after a week, and outlives a restart until then', async () => {
    const cookie = await cookieOf()
    const value = cookie.split('=')[1] ?? ''
    harness.clock.advance(sessionSeconds * 1_000 - 1)
    expect(await status(cookie)).toBe(200)
    const later = await new Harness('/nonexistent', undefined, { token }).start()
    const headers = { cookie: `lastpush_${later.at.port}=${value}` }
    expect((await later.ask('/api/v1/alerts', { headers })).status).toBe(200)
    await later.server.close()
    harness.clock.advance(1)
    expect(await status(cookie)).toBe(401)
  })

  test('ends with the token', async () => {
    const value = (await cookieOf()).split('=')[1] ?? ''
    const other = await new Harness('/nonexistent', undefined, { token: `${token}2` }).start()
    const headers = { cookie: `lastpush_${other.at.port}=${value}` }
    expect((await other.ask('/api/v1/alerts', { headers })).status).toBe(401)
    await other.server.close()
  })

  test('cannot be made longer, forged or renewed without the token', async () => {
    const cookie = await cookieOf()
    const [name = '', value = ''] = cookie.split('=')
    const [until = '', signature = ''] = value.split('.')
    const forged = [
      `${name}=${Number(until) + 1}.${signature}`,
      `${name}=${until}.${signature.slice(0, -2)}AA`,
      `${name}=${until}.`,
      `${name}=${until}`,
      `${name}=`,
      `other=${value}`,
      `${name}=0${until}.${signature} `,
    ]
    const answers = await Promise.all(forged.map((each) => status(each)))
    // A zero in front is the same number, and so the same session.
    expect(answers).toEqual([401, 401, 401, 401, 401, 401, 200])
    for (const given of [{ cookie }, { cookie, authorization: 'Basic eDp5' }]) {
      const renewed = await open(given)
      expect([renewed.status, renewed.headers['set-cookie']]).toEqual([401, undefined])
    }
  })

  test('is marked Secure where the page came over TLS', async () => {
    await harness.server.close()
    harness = await new Harness('/x', undefined, { token, names: ['logs.example.com'] }).start()
    const tls = { host: 'logs.example.com', origin: 'https://logs.example.com' }
    expect(String((await open({ ...bearer, ...tls })).headers['set-cookie'])).toMatch(/; Secure$/)
  })

  test('is not to be had from a server that asks for no token', async () => {
    const plain = await new Harness().start()
    const ask = { method: 'POST', headers: { ...json, ...bearer }, body: '{}' }
    expect((await plain.ask('/api/v1/session', ask)).status).toBe(404)
    await plain.server.close()
  })
})

describe('a browser without a session', () => {
  const accept = 'text/html,application/xhtml+xml,*/*;q=0.8'

  test('gets a document that asks for the token, under a policy of its own', async () => {
    for (const path of ['/', '/?q=a']) {
      const answer = await harness.ask(path, { headers: { accept } })
      expect(answer.status).toBe(401)
      expect(answer.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'www-authenticate': 'Bearer realm="lastpush"',
        'x-frame-options': 'DENY',
      })
      expect(answer.headers['content-security-policy']).toMatch(
        /^default-src 'none'; script-src 'sha256-[\w+/=]{44}'; style-src 'sha256-[\w+/=]{44}'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
      )
      expect(answer.text).toContain('<label for="token">Token</label>')
    }
  })

  test('gets JSON wherever a program would look', async () => {
    const answer = await harness.ask('/api/v1/alerts', { headers: { accept } })
    expect(codeOf(answer)).toBe('TOKEN_REQUIRED')
  })
})

describe('S44: guessing', () => {
  const head = (authorization?: string) =>
    ({ method: 'GET', url: '/metrics', rawHeaders: [], headers: { authorization } }) as never

  test('S44: of 100,000 wrong tokens none gets in, and the right one is never locked out', () => {
    const clock = new ManualClock(nowMs)
    const access = new Access(token, clock, silentLog)
    const told: Record<string, number> = { in: 0 }
    for (let n = 0; n < 100_000; n += 1) {
      const wrong = `${token.slice(0, n % token.length)}${n}`
      const code = access.refusal(head(`Bearer ${wrong}`), 7077, '192.0.2.7')?.code ?? 'in'
      told[code] = (told[code] ?? 0) + 1
      if (n % 1_000 === 999) {
        expect(access.refusal(head(`Bearer ${token}`), 7077, '192.0.2.7')).toBeNull()
      }
    }
    expect(told).toEqual({ in: 0, TOKEN_REQUIRED: 10, TOO_MANY_WRONG_TOKENS: 99_990 })
  })

  test('S44: another address, and the same one later, may err again', () => {
    const clock = new ManualClock(nowMs)
    const access = new Access(token, clock, silentLog)
    const guess = (address: string) => access.refusal(head('Bearer no'), 7077, address)?.status
    const many = (address: string) => Array.from({ length: 12 }, () => guess(address))
    const ten = Array<number>(10).fill(401)
    expect(many('192.0.2.7')).toEqual([...ten, 429, 429])
    expect(guess('::ffff:192.0.2.7')).toBe(429)
    expect(many('2001:db8::1')).toEqual([...ten, 429, 429])
    expect(guess('2001:db8:0:0:ffff::9')).toBe(429)
    expect(guess('2001:db8:0:1::9')).toBe(401)
    clock.advance(6_000)
    expect([guess('192.0.2.7'), guess('192.0.2.7')]).toEqual([401, 429])
    clock.advance(3_600_000)
    expect(many('192.0.2.7')).toEqual([...ten, 429, 429])
  })

  test('S44: no token and an old session are no guesses', () => {
    const access = new Access(token, new ManualClock(nowMs), silentLog)
    for (let n = 0; n < 50; n += 1) {
      expect(access.refusal(head(), 7077, '192.0.2.7')?.status).toBe(401)
    }
  })

  test('S44: is answered 429 with a time, and told once a minute without what was sent', async () => {
    const headers = { authorization: 'Bearer wrong-but-long-enough' }
    let answer = await harness.ask('/metrics', { headers })
    for (let n = 0; n < 20; n += 1) answer = await harness.ask('/metrics', { headers })
    expect([answer.status, codeOf(answer)]).toEqual([429, 'TOO_MANY_WRONG_TOKENS'])
    expect(answer.headers['retry-after']).toBe('6')
    expect((await harness.ask('/metrics', { headers: bearer })).status).toBe(200)
    expect(harness.logged).toEqual(['requests came with a wrong token'])
    harness.clock.advance(60_000)
    await harness.ask('/metrics', { headers })
    expect(harness.loggedFacts).toEqual([
      { address: '127.0.0.1', wrong: 1 },
      { address: '127.0.0.1', wrong: 21 },
    ])
  })
})

describe('beyond loopback', () => {
  let wide: Harness
  beforeEach(async () => {
    const names = ['logs.example.com']
    wide = await new Harness('/nonexistent', undefined, { token, names }).start('0.0.0.0')
  })
  afterEach(() => wide.server.close())

  async function statusOf(headers: Record<string, string>): Promise<number | undefined> {
    const { port } = wide.at
    const all = { ...bearer, ...headers }
    const sent = request({ host: '127.0.0.1', port, path: '/metrics', headers: all, agent: false })
    sent.end()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    response.resume()
    return response.statusCode
  }

  test('is told to programs of this machine by its loopback address', () => {
    expect(wide.at).toMatchObject({
      address: '0.0.0.0',
      origin: `http://127.0.0.1:${wide.at.port}`,
    })
  })

  test.each([
    '127.0.0.1:PORT',
    '192.0.2.1:PORT',
    '192.0.2.1:80',
    '192.0.2.1',
    '[2001:db8::1]:PORT',
    'logs.example.com',
    'LOGS.example.com:8443',
  ])('S08: Host %s is its own', async (host) => {
    expect(await statusOf({ host: host.replace('PORT', String(wide.at.port)) })).toBe(200)
  })

  test.each([
    'evil.example:PORT',
    'logs.example.com.evil.example',
    'logs.example.com@evil.example',
    'evil.logs.example.com',
    '0.0.0.0:PORT',
    '[::]:PORT',
    '192.0.2.1.evil.example:PORT',
    '3221225985:PORT',
    '192.0.2.1:PORT, evil.example',
  ])('S08: Host %s is foreign', async (host) => {
    expect(await statusOf({ host: host.replace('PORT', String(wide.at.port)) })).toBe(421)
  })

  test.each([
    ['logs.example.com', 'https://logs.example.com', 200],
    ['logs.example.com', 'http://logs.example.com', 200],
    ['192.0.2.1:7077', 'http://192.0.2.1:7077', 200],
    ['192.0.2.1:7077', 'http://192.0.2.1', 403],
    ['192.0.2.1:7077', 'http://192.0.2.2:7077', 403],
    ['192.0.2.1:7077', 'http://logs.example.com', 403],
    ['logs.example.com', 'http://evil.example', 403],
    ['logs.example.com', 'ftp://logs.example.com', 403],
    ['logs.example.com', 'null', 403],
  ])('S10: for Host %s the Origin %s gets %i', async (host, origin, status) => {
    expect(await statusOf({ host, origin })).toBe(status)
  })
})

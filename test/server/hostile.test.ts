import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { firing } from '../receivers/samples.ts'
import { codeOf, Harness } from './harness.ts'

const markup = [
  `<script>fetch('/api/v1/silences',{method:'POST'})</script>`,
  `"><img src=x onerror=alert(1)>`,
  `<svg/onload=alert(1)>`,
  `</title><script>alert(1)</script>`,
  `javascript:alert(1)`,
  `{{constructor.constructor('alert(1)')()}}`,
]

let dir: string
let harness: Harness
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'page-'))
  await mkdir(join(dir, 'web', 'assets'), { recursive: true })
  await writeFile(join(dir, 'secret.txt'), 'top secret')
  await writeFile(join(dir, 'web', 'index.html'), '<!doctype html><title>lastpush</title>')
  await writeFile(join(dir, 'web', '.env'), 'top secret')
  await writeFile(join(dir, 'web', 'assets', 'index-BcjAU8oa.js'), 'export {}')
  harness = await new Harness(join(dir, 'web')).start()
})
afterEach(async () => {
  await harness.server.close()
  await rm(dir, { recursive: true })
})

describe('hostile text', () => {
  test('S04: reaches the page as JSON data that no browser takes for markup', async () => {
    harness.view.shownAlerts = markup.map((text) => ({ ...firing, summary: text, samples: [text] }))
    const answer = await harness.ask('/api/v1/alerts')
    const read = JSON.parse(answer.text) as { samples: string[] }[]
    expect(read.map(({ samples }) => samples[0])).toEqual(markup)
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'x-content-type-options': 'nosniff',
    })
  })

  test('S04: meets a policy without unsafe-inline, unsafe-eval or foreign sources', async () => {
    const policy = String((await harness.ask('/')).headers['content-security-policy'])
    expect(policy).toContain("default-src 'self'; script-src 'self'; style-src 'self';")
    expect(policy).not.toMatch(/unsafe|\*|https?:/)
  })

  test('S05: stays data as a rule, a label, a SHA or a file name, prototype names too', async () => {
    const labels = { service: markup[1] ?? '', ['__proto__']: 'p', constructor: 'c' }
    harness.view.shownAlerts = [{ ...firing, rule: markup[0] ?? '', labels, sha: markup[2] ?? '' }]
    const answer = await harness.ask('/api/v1/alerts')
    expect(JSON.parse(answer.text)).toEqual(harness.view.shownAlerts)
    expect(answer.text).toContain('"__proto__":"p"')
  })

  test.each(['/?q=<svg onload=alert(1)>', '/%3Cscript%3Ealert(1)%3C/script%3E', '/x?<script>'])(
    'S06: is not reflected by %s',
    async (path) => {
      const answer = await harness.ask(path.replace('<svg ', '<svg%20'))
      expect(answer.text).not.toMatch(/<script|<svg|alert/)
      expect(answer.headers['x-content-type-options']).toBe('nosniff')
    },
  )

  test.each(['/api/v1/alerts?q=<html>', '/api/v1/<html>', '/metrics', '/-/ready', '/none'])(
    'S07: %s is never of a type that runs',
    async (path) => {
      const { headers } = await harness.ask(path)
      expect(headers['content-type']).toMatch(/^(application\/json|text\/plain);/)
      expect(headers['x-content-type-options']).toBe('nosniff')
    },
  )
})

describe('the page', () => {
  test('is served, its document never from a cache, its assets for ever', async () => {
    const page = await harness.ask('/')
    expect([page.status, page.text]).toEqual([200, '<!doctype html><title>lastpush</title>'])
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
    })
    expect((await harness.ask('/?from=2026-03-01T12:00:00Z')).status).toBe(200)
    const asset = await harness.ask('/assets/index-BcjAU8oa.js')
    expect(asset.headers).toMatchObject({
      'content-type': 'application/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    })
  })

  test('that is not built is a 404 that says what to do', async () => {
    await rm(join(dir, 'web'), { recursive: true })
    const answer = await harness.ask('/')
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      404,
      {
        error: {
          code: 'NOT_FOUND',
          message: 'the page is not built: run "npm run build" in the folder of lastpush',
          faults: [],
        },
      },
    ])
    expect((await harness.ask('/-/healthy')).status).toBe(200)
  })

  test.each([
    '/../secret.txt',
    '/../../etc/passwd',
    '/..%2fsecret.txt',
    '/..%2f..%2fetc/passwd',
    '/%2e%2e/secret.txt',
    '/%2e%2e%2fsecret.txt',
    '/assets/../../secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/assets%2f..%2f..%2fsecret.txt',
    '/%252e%252e%252fsecret.txt',
    '/static//etc/passwd',
    '//etc/passwd',
    '/\\..\\secret.txt',
    '/..\\secret.txt',
    '/%5c..%5csecret.txt',
    '/index.html%00.js',
    '/.env',
    '/%2eenv',
    '/assets',
    '/assets/',
    '/assets/.',
    '/%',
    '/%ff',
    '/?file=/etc/shadow/../..',
  ])('S15: %s gives nothing but built files', async (path) => {
    const answer = await harness.ask(path)
    expect(answer.text).not.toMatch(/secret|root:/)
    if (path.startsWith('/?')) expect(answer.text).toContain('<title>lastpush')
    else expect([400, 404]).toContain(answer.status)
  })
})

describe('S18: what is hardly HTTP', () => {
  const host = () => `Host: 127.0.0.1:${harness.at.port}\r\n`
  const post = () => `POST /api/v1/deploys HTTP/1.1\r\n${host()}Content-Type: application/json\r\n`

  // Whatever was sent, the next request is answered.
  afterEach(async () => {
    expect((await harness.ask('/-/healthy')).status).toBe(200)
    expect(harness.view.asked).toEqual([])
  })

  test('S18: a header of 1 MiB is 431', async () => {
    const answer = await harness.raw(
      `GET / HTTP/1.1\r\n${host()}X-Big: ${'x'.repeat(1_048_576)}\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
  })

  test('S18: 10,000 headers are 431', async () => {
    const answer = await harness.raw(`GET / HTTP/1.1\r\n${host()}${'x: y\r\n'.repeat(10_000)}\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
  })

  test('S18: a body with both a length and chunks is 400', async () => {
    const answer = await harness.raw(
      `${post()}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  })

  test('S18: an announced body of 2 GiB is 413 before it comes', async () => {
    const answer = await harness.raw(
      `${post()}Connection: close\r\nContent-Length: 2147483648\r\n\r\n{`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
  })

  test('S18: a body just over the limit is 413, with and without a length', async () => {
    const body = JSON.stringify({ sha: 'x'.repeat(65_536) })
    const answer = await harness.postDeploy(body)
    expect([answer.status, codeOf(answer)]).toEqual([413, 'BODY_TOO_LARGE'])
    const chunk = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
    const raw = await harness.raw(
      `${post()}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`,
    )
    expect(raw).toMatch(/^HTTP\/1\.1 413 /)
  })

  test('S18: a gzip bomb is not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(10 * 1_048_576)).toString('latin1')
    const headers = `Content-Encoding: gzip\r\nConnection: close\r\nContent-Length: ${bomb.length}\r\n`
    expect(await harness.raw(`${post()}${headers}\r\n`)).toMatch(/^HTTP\/1\.1 415 /)
  })

  test.each([
    ['HTTP/0.9', 'GET /\r\n\r\n', 421],
    ['a TLS greeting', '\x16\x03\x01\x02\x00\x01', 400],
    ['another protocol', 'SSH-2.0-x\r\n\r\n', 400],
  ])('S18: %s is refused', async (_name, bytes, status) => {
    expect(await harness.raw(bytes)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  })

  test('S18: TRACE gives nothing back', async () => {
    const answer = await harness.ask('/', { method: 'TRACE', headers: { cookie: 'a=secret' } })
    expect(answer.status).toBe(405)
    expect(answer.text).not.toContain('secret')
  })

  test('S18: pipelined requests are each answered, in order', async () => {
    const one = (path: string, end = '') => `GET ${path} HTTP/1.1\r\n${host()}${end}\r\n`
    const answer = await harness.raw(
      one('/-/healthy') + one('/none') + one('/-/ready', 'Connection: close\r\n'),
    )
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual([
      'HTTP/1.1 200',
      'HTTP/1.1 404',
      'HTTP/1.1 200',
    ])
  })

  test('S18: prototype names in query and body change no prototype', async () => {
    await harness.ask('/api/v1/alerts?__proto__[polluted]=1&constructor.prototype.polluted=1')
    await harness.postDeploy('{"constructor":{"prototype":{"polluted":1}}}')
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})

test('S18: a client that sends its headers too slowly is cut, others are served', async () => {
  const limits = { headersMs: 100, requestMs: 200, keepAliveMs: 1_000, idleMs: 60_000 }
  const hasty = await new Harness(join(dir, 'web'), limits).start()
  const slow = Array.from({ length: 50 }, () => connect(hasty.at.port, hasty.at.address))
  const closed = slow.map(async (socket) => {
    let text = ''
    socket.on('data', (part) => (text += part.toString()))
    socket.on('error', () => {})
    socket.write('GET / HTTP/1.1\r\nX-Slow:')
    await once(socket, 'close')
    return text
  })
  expect((await hasty.ask('/-/healthy')).status).toBe(200)
  for (const text of await Promise.all(closed)) expect(text).toMatch(/^HTTP\/1\.1 408 /)
  await hasty.server.close()
})

test('S15: follows no link out of the build', async () => {
  await symlink(join(dir, 'secret.txt'), join(dir, 'web', 'assets', 'link.js'))
  expect((await harness.ask('/assets/link.js')).text).not.toContain('secret')
})

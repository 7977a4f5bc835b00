/** S09: what a page of another site can send without asking first: forms, simple fetches, images.
 *  None of it may change anything. */
import { expect, test } from 'vitest'
import { ask, quietDaemon } from './raw-http.ts'

const report = '{"sha":"abc1234def","service":"web"}'

/** Headers of a POST that a browser sends for a page that is not ours. O is our own origin. */
const crossSite: readonly (readonly [string, readonly string[], string])[] = [
  ['a form of text/plain', ['Content-Type: text/plain'], report],
  ['a form of text/plain that is JSON', ['Content-Type: text/plain; charset=UTF-8'], report],
  ['a form', ['Content-Type: application/x-www-form-urlencoded'], 'sha=abc1234def'],
  ['a multipart form', ['Content-Type: multipart/form-data; boundary=x'], '--x--'],
  ['a body without a type', [], report],
  ['a type that only begins as JSON', ['Content-Type: application/json-seq'], report],
  ['two types in one', ['Content-Type: text/plain, application/json'], report],
  ['two types', ['Content-Type: text/plain', 'Content-Type: application/json'], report],
  ['JSON that says whence', ['Content-Type: application/json', 'Origin: http://evil.example'], report], // prettier-ignore
  ['JSON of no origin', ['Content-Type: application/json', 'Origin: null'], report],
  ['JSON of our name elsewhere', ['Content-Type: application/json', 'Origin: http://127.0.0.1.evil.example'], report], // prettier-ignore
  ['JSON of another port here', ['Content-Type: application/json', 'Origin: http://127.0.0.1:1'], report], // prettier-ignore
  ['JSON of our origin in TLS', ['Content-Type: application/json', 'Origin: https://127.0.0.1:P'], report], // prettier-ignore
  ['JSON across sites', ['Content-Type: application/json', 'Sec-Fetch-Site: cross-site'], report],
  ['JSON of the same site', ['Content-Type: application/json', 'Sec-Fetch-Site: same-site'], report], // prettier-ignore
]

test('S09: no simple request of another site reports a deploy', async () => {
  const { daemon, port } = await quietDaemon()
  const taken: string[] = []
  for (const [what, headers, body] of crossSite) {
    const lines = headers.map((header) => header.replaceAll('P', String(port)))
    const { status } = await ask(
      port,
      [
        'POST /api/v1/deploys HTTP/1.1',
        `Host: 127.0.0.1:${port}`,
        `Content-Length: ${body.length}`,
        ...lines,
      ],
      body,
    )
    if (status < 400 || status >= 500) taken.push(`${what}: ${status}`)
  }
  expect(taken).toEqual([])
  expect((await daemon.status()).deploys).toBe(0)
})

test('S09: no GET or HEAD changes anything, and other methods are refused', async () => {
  const { daemon, port } = await quietDaemon()
  const host = `Host: 127.0.0.1:${port}`
  for (const target of [
    '/api/v1/deploys?sha=abc1234def',
    '/api/v1/deploys/abc1234def',
    '/api/v1/reload',
    '/-/reload',
    '/-/quit',
  ]) {
    for (const method of ['GET', 'HEAD']) {
      const { status } = await ask(port, [`${method} ${target} HTTP/1.1`, host])
      expect([method, target, status >= 400 && status < 500]).toEqual([method, target, true])
    }
  }
  for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE']) {
    const { status, headers } = await ask(port, [
      `${method} /api/v1/deploys HTTP/1.1`,
      host,
      'Content-Length: 0',
    ])
    expect([method, status >= 400 && status < 500]).toEqual([method, true])
    expect(headers.has('access-control-allow-origin')).toBe(false)
  }
  expect((await daemon.status()).deploys).toBe(0)
  expect(daemon.running).toBe(true)
})

test('S09: our own page and programs outside a browser may report', async () => {
  const { daemon, port } = await quietDaemon()
  const own = [
    [`Origin: http://127.0.0.1:${port}`, 'Sec-Fetch-Site: same-origin'],
    ['Sec-Fetch-Site: none'],
    [],
  ]
  for (const [index, headers] of own.entries()) {
    const body = JSON.stringify({ sha: `abc1234${index}`, service: `web${index}` })
    const { status } = await ask(
      port,
      [
        'POST /api/v1/deploys HTTP/1.1',
        `Host: 127.0.0.1:${port}`,
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        ...headers,
      ],
      body,
    )
    expect([headers, status]).toEqual([headers, 201])
  }
  expect((await daemon.status()).deploys).toBe(3)
})

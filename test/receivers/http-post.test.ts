import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ManualClock } from '../../src/flow/time.ts'
import {
  isPrivate,
  parseRetryAfter,
  parseTarget,
  postJson,
  type Target,
} from '../../src/receivers/http-post.ts'
import { HookServer } from './hook-server.ts'
import { nowMs } from './samples.ts'

describe('Retry-After', () => {
  test.each([
    [null, null],
    ['0', 1_000],
    ['30', 30_000],
    ['601', 600_000],
    ['99999999999999999999', 600_000],
    ['1e99', null],
    ['-1', null],
    ['soon', null],
    ['Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
    ['Sun, 01 Mar 2026 11:00:00 GMT', 1_000],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 600_000],
  ])('reads %s as %s ms', (text, ms) => {
    expect(parseRetryAfter(text, nowMs)).toBe(ms)
  })
})

describe('what a refusal says', () => {
  let server: HookServer
  let target: Target
  beforeEach(async () => {
    server = new HookServer()
    target = parseTarget(await server.start()) as Target
  })
  afterEach(() => server.stop())

  test('is told as far as the receiver explains it, on one line and cut', async () => {
    server.answer = (response) => response.writeHead(400).end(`no\n${'x'.repeat(9_000)}`)
    const outcome = await postJson({
      target,
      body: '{}',
      key: 'k',
      clock: new ManualClock(nowMs),
      signal: new AbortController().signal,
      address: 'hook',
      explain: (reply) => reply,
    })
    expect(outcome).toEqual({
      ok: false,
      retry: false,
      error: `hook answered 400: no\\n${'x'.repeat(196)}…`,
    })
  })
})

test.each([
  ['https://hooks.example.com/', true],
  ['http://127.0.0.1:80/', true],
  ['http://[::1]:80/', true],
  ['http://localhost/', true],
  ['http://hooks.example.com/', false],
  ['http://127.0.0.1.example.com/', false],
])('a secret may travel to %s: %s', (url, expected) => {
  expect(isPrivate(parseTarget(url) as Target)).toBe(expected)
})

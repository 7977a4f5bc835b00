import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Metrics } from '../../src/flow/metrics.ts'
import { ManualClock } from '../../src/flow/time.ts'
import { openElasticsearchIndex } from '../../src/store/elasticsearch.ts'
import { elasticsearchOptions } from '../../src/store/elasticsearch-options.ts'
import type { EventDocument, EventIndex } from '../../src/store/events.ts'
import { eventOf } from '../contract/store-samples.ts'
import { temporaryDir } from './directories.ts'
import { FakeElasticsearch } from './fake-elasticsearch.ts'

let server: FakeElasticsearch
let index: EventIndex
let clock: ManualClock
let metrics: Metrics
let warned: [object, string][]

function openIndex(more: object = {}): EventIndex {
  const options = elasticsearchOptions.parse({ node: server.node, ...more })
  const log = {
    debug() {},
    info() {},
    error() {},
    warn: (facts: object, message: string) => void warned.push([facts, message]),
  }
  return openElasticsearchIndex(options, { clock, log, metrics })
}

beforeEach(async () => {
  server = await new FakeElasticsearch().start()
  clock = new ManualClock(0)
  metrics = new Metrics()
  warned = []
  index = openIndex()
})

afterEach(async () => {
  await index.close()
  await server.stop()
})

const events = (...ids: string[]): EventDocument[] =>
  ids.map((id, position) => eventOf({ id, position }))

/** Lets pauses pass until the call is over; says how it ended and how long the pauses were. */
async function throughPauses(call: Promise<void>): Promise<{ error: unknown; pausedMs: number }> {
  let over: { error: unknown } | null = null
  call.then(
    () => (over = { error: null }),
    (error: unknown) => (over = { error }),
  )
  for (;;) {
    if (over !== null) return { ...(over as { error: unknown }), pausedMs: clock.now() }
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(10)
  }
}

const counter = (name: string) => metrics.counter(`lastpush_index_${name}_total`, '').value()

describe('a bulk', () => {
  test('is sent as whole events below their ids, after the template and the index of the month', async () => {
    const event = eventOf({ id: 'app.log@7', position: 7, stack: '#0 a', time: Date.UTC(2026, 10) })
    await index.put([event])
    expect(server.told.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /_index_template/lastpush-events',
      'PUT /_index_template/lastpush-events',
      'GET /lastpush-events-*/_mapping?ignore_unavailable=true&allow_no_indices=true',
      'PUT /lastpush-events-2026.11',
      'POST /_bulk',
    ])
    const [action, source] = (server.told.at(-1)?.body ?? '').split('\n')
    expect(JSON.parse(action ?? '')).toEqual({
      index: {
        _index: 'lastpush-events-2026.11',
        _id: 'app.log@7',
        version: 6,
        version_type: 'external_gte',
      },
    })
    expect(JSON.parse(source ?? '')).toMatchObject({ words: 'cannot open a', document: event })
    await index.put([event])
    expect(server.told).toHaveLength(6)
  })

  test('R12, F63: tries a 429 again, leaves a 400 out, takes a 409 as done', async () => {
    server.replies = [
      {
        items: (id) =>
          ({
            busy: { status: 429, type: 'es_rejected_execution_exception' },
            away: { status: 503, type: 'unavailable_shards_exception' },
            poison: { status: 400, type: 'document_parsing_exception' },
            newer: { status: 409, type: 'version_conflict_engine_exception' },
          })[id] ?? 201,
      },
      { items: () => 200 },
    ]
    const { error, pausedMs } = await throughPauses(
      index.put(events('a', 'busy', 'poison', 'newer', 'away', 'b')),
    )
    expect(error).toBeNull()
    expect(pausedMs).toBeGreaterThanOrEqual(250)
    expect(server.bulks).toEqual([
      ['a', 'busy', 'poison', 'newer', 'away', 'b'],
      ['busy', 'away'],
    ])
    expect([...server.stored.keys()].sort()).toEqual(['a', 'away', 'b', 'busy'])
    expect([counter('parked'), counter('retried')]).toEqual([1, 2])
    expect(warned).toEqual([
      [
        { id: 'poison', reason: '400 document_parsing_exception because of poison' },
        'the event index refuses an event: it cannot be searched for',
      ],
    ])
  })

  test('gives up for now after four attempts with growing pauses', async () => {
    const busy = { status: 429, type: 'circuit_breaking_exception' }
    server.replies = [{ items: (id) => (id === 'b' ? busy : 201) }]
    const { error, pausedMs } = await throughPauses(index.put(events('a', 'b')))
    expect(error).toMatchObject({ code: 'INDEX_AWAY', retryable: true })
    expect((error as Error).message).toContain('1 of 2 events for now: 429 circuit_breaking')
    expect(server.bulks).toEqual([['a', 'b'], ['b'], ['b'], ['b']])
    expect(pausedMs).toBeGreaterThanOrEqual(250 + 500 + 1_000)
    expect(counter('parked')).toBe(0)
  })

  test('F64: a full disk, a limit on shards and a missing index are refusals for now', async () => {
    for (const type of ['cluster_block_exception', 'validation_exception']) {
      const status = type === 'validation_exception' ? 400 : 403
      server.replies = [{ items: () => ({ status, type }) }, { items: () => 201 }]
      const { error } = await throughPauses(index.put(events(type)))
      expect(error).toBeNull()
    }
    expect(counter('parked')).toBe(0)
    expect(server.stored.size).toBe(2)
  })

  test('is cut in halves when it is too large for what stands between', async () => {
    const accept = { items: () => 201 }
    server.replies = [{ status: 413 }, accept, { status: 413 }, { status: 413 }, accept]
    await index.put(events('a', 'b', 'c', 'd'))
    expect(server.bulks).toEqual([['a', 'b', 'c', 'd'], ['a', 'b'], ['c', 'd'], ['c'], ['d']])
    expect([...server.stored.keys()]).toEqual(['a', 'b', 'd'])
    expect(warned).toEqual([
      [{ id: 'c', reason: '413 too large for a request' }, expect.any(String)],
    ])
  })

  test('holds 5 MiB at most', async () => {
    const stack = 'x'.repeat(65_536)
    await index.put(Array.from({ length: 200 }, (_, n) => eventOf({ id: String(n), stack })))
    const sizes = server.told.filter(({ path }) => path === '/_bulk').map(({ body }) => body.length)
    expect(sizes).toHaveLength(3)
    expect(Math.max(...sizes)).toBeLessThan(5.1 * 1024 * 1024)
    expect(server.bulks.flat()).toHaveLength(200)
  })
})

describe('a server', () => {
  test.each<[string, Partial<FakeElasticsearch>, string]>([
    ['with too much to do', { replies: [{ status: 503 }] }, 'INDEX_AWAY'],
    ['that breaks off in its answer', { replies: ['reset'] }, 'INDEX_AWAY'],
    ['that asks to wait', { replies: [{ status: 429 }] }, 'INDEX_AWAY'],
    ['that is no Elasticsearch', { product: false }, 'INDEX_REFUSED'],
    ['with another password', { refusal: { status: 401, error: 'security_exception' } }, 'INDEX_REFUSED'], // prettier-ignore
    ['that is starting', { refusal: { status: 503, error: 'master_not_discovered_exception' } }, 'INDEX_AWAY'], // prettier-ignore
  ])('%s is a fault with a name, and taken up when it is well again', async (_, ill, code) => {
    Object.assign(server, ill)
    await expect(index.put(events('a'))).rejects.toMatchObject({ code })
    Object.assign(server, { replies: [{ items: () => 201 }], product: true, refusal: null })
    await index.put(events('a'))
    expect([...server.stored.keys()]).toEqual(['a'])
  })

  test('that does not answer is told by its address', async () => {
    const { node } = server
    await server.stop()
    await expect(index.put(events('a'))).rejects.toMatchObject({
      code: 'INDEX_AWAY',
      message: expect.stringContaining(node) as string,
    })
    await expect(index.recent({ limit: 1 })).rejects.toMatchObject({ code: 'INDEX_AWAY' })
    server = await new FakeElasticsearch().start()
  })

  test('is asked nothing before it is needed', async () => {
    await openIndex().close()
    expect(server.told).toEqual([])
  })

  test('is given a password that was renewed after it was refused', async () => {
    const path = join(await temporaryDir(), 'password')
    await writeFile(path, 'old\n')
    const guarded = openIndex({ username: 'lastpush', password_file: path })
    server.refusal = { status: 401, error: 'security_exception' }
    await expect(guarded.put(events('a'))).rejects.toMatchObject({ code: 'INDEX_REFUSED' })
    await writeFile(path, 'new\n')
    server.refusal = null
    await guarded.put(events('a'))
    const given = [server.told[0], server.told.at(-1)].map((told) =>
      Buffer.from(told?.authorization?.replace('Basic ', '') ?? '', 'base64').toString(),
    )
    expect(given).toEqual(['lastpush:old', 'lastpush:new'])
    await guarded.close()
  })

  test('is not asked with a secret that cannot be read', async () => {
    const guarded = openIndex({ api_key_file: '/nonexistent/key' })
    await expect(guarded.put(events('a'))).rejects.toMatchObject({
      code: 'INDEX_REFUSED',
      message: '/nonexistent/key cannot be read: ENOENT',
    })
    expect(server.told).toEqual([])
  })
})

test.each<[object, string]>([
  [{ node: 'ftp://a' }, 'http://127.0.0.1:9200'],
  [{ node: 'http://me:secret@a:9200' }, 'password_file'],
  [{ node: 'http://a', index_prefix: '../_all' }, 'lower-case'],
  [{ node: 'http://a', index_prefix: 'a,*' }, 'lower-case'],
  [{ node: 'http://a', username: 'me' }, 'belong together'],
  [{ node: 'http://a', username: 'me', password_file: 'p', api_key_file: 'k' }, 'not both'],
  [{ node: 'http://a', pasword_file: 'p' }, 'pasword_file'],
])('refuses the options %j', (given, said) => {
  const read = elasticsearchOptions.safeParse(given)
  expect(read.success).toBe(false)
  expect(JSON.stringify(read.error?.issues)).toContain(said)
})

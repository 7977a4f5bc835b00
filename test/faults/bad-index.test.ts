/** An Elasticsearch that refuses, under a running daemon: told at once, tried again, and never in
 *  the way of an alert. What the real one refuses is test/servers/elasticsearch-refusals.test.ts. */
import { expect, onTestFinished, test } from 'vitest'
import { FakeElasticsearch } from '../store/fake-elasticsearch.ts'
import { IndexedLog } from './indexed-log.ts'

test('F63: 429 and 503 are told and tried again; a page comes meanwhile; one 400 leaves one event out', async () => {
  const fake = await new FakeElasticsearch().start()
  onTestFinished(() => fake.stop())
  fake.replies = [{ status: 429, error: 'es_rejected_execution_exception' }]
  const log = await IndexedLog.start(fake.node, 'events')
  log.write(1)
  await log.fault(/Elasticsearch at http:\/\/127\.0\.0\.1:\d+: 429 es_rejected_execution_exception/)
  await log.page()
  fake.replies = [{ status: 503, error: 'no_master_exception' }]
  await log.fault(/: 503 no_master_exception as the test says/)
  const refused: string[] = []
  fake.replies = [
    {
      items: (id) => {
        if (refused.length > 0 && refused[0] !== id) return 201
        refused[0] = id
        return { status: 400, type: 'document_parsing_exception' }
      },
    },
  ]
  await log.well()
  expect(fake.stored.size).toBe(20)
  expect(await log.daemon.metric('lastpush_index_parked_total')).toBe(1)
  const warning = 'the event index refuses an event: it cannot be searched for'
  const told = log.daemon.stderr.split('\n').filter((line) => line.includes(warning))
  expect(told.map((line) => JSON.parse(line) as object)).toMatchObject([
    { id: refused[0], reason: `400 document_parsing_exception because of ${refused[0]}` },
  ])
  expect(await log.daemon.stop()).toEqual({ code: 0, signal: null })
})

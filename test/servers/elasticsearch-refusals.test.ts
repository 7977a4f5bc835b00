/** What a real Elasticsearch refuses, under a running daemon: told at once, mended by an operator,
 *  and never in the way of an alert. */
import { Client } from '@elastic/elasticsearch'
import { expect, test } from 'vitest'
import { IndexedLog } from '../faults/indexed-log.ts'
import { indexAt, removeIndex } from './elasticsearch-index.ts'
import { addressOf } from './tests.ts'

test('a foreign index and a full disk are told, and every event follows once they are mended', async (ctx) => {
  const node = addressOf(ctx, 'elasticsearch')
  const { prefix } = indexAt(node)
  const client = new Client({ node })
  const index = `${prefix}-${new Date().toISOString().slice(0, 7).replace('-', '.')}`
  const mappings = { properties: { time: { type: 'keyword' as const } } }
  await client.indices.create({ index, mappings })
  const log = await IndexedLog.start(node, prefix)
  log.write(5)
  await log.fault(new RegExp(`the index ${index} at ${node} is none of this lastpush`))
  await log.page()
  expect((await client.count({ index })).count).toBe(0)
  await client.indices.delete({ index })
  await log.well()

  const block = (full: true | null) =>
    client.indices.putSettings({
      index,
      settings: { 'index.blocks.read_only_allow_delete': full },
    })
  await block(true)
  log.write(5)
  await log.fault(/429 cluster_block_exception .*disk usage exceeded flood-stage watermark/)
  await block(null)
  await log.well()
  await client.indices.refresh({ index })
  expect((await client.count({ index })).count).toBe(30)
  expect(await log.daemon.stop()).toEqual({ code: 0, signal: null })
  await client.close()
  await removeIndex(node, prefix)
})

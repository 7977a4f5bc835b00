/** An index of its own on a real server, for each test that wants one. */
import { Client } from '@elastic/elasticsearch'
import { Metrics } from '../../src/flow/metrics.ts'
import { systemClock } from '../../src/flow/time.ts'
import { openElasticsearchIndex } from '../../src/store/elasticsearch.ts'
import { elasticsearchOptions } from '../../src/store/elasticsearch-options.ts'

let made = 0

/** Opens an index below a prefix that nobody else has. */
export function indexAt(node: string, prefix = `test-${process.pid}-${(made += 1)}`) {
  const options = elasticsearchOptions.parse({ node, index_prefix: prefix })
  const metrics = new Metrics()
  const warnings: object[] = []
  const log = {
    debug() {},
    info() {},
    error() {},
    warn: (facts: object) => void warnings.push(facts),
  }
  const parts = { clock: systemClock, log, metrics }
  return { prefix, metrics, warnings, open: () => openElasticsearchIndex(options, parts) }
}

/** Removes what an index has left on the server. */
export async function removeIndex(node: string, prefix: string): Promise<void> {
  const client = new Client({ node })
  const found = await client.indices.get({ index: `${prefix}-*` })
  for (const index of Object.keys(found)) await client.indices.delete({ index })
  await client.indices.deleteIndexTemplate({ name: prefix }, { ignore: [404] })
  await client.close()
}

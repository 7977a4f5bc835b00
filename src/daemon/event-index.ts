/** Which event index a configuration means: the one of the data directory, or Elasticsearch. */
import type { Config } from '../config.ts'
import type { Log } from '../flow/log.ts'
import type { Metrics } from '../flow/metrics.ts'
import type { Clock } from '../flow/time.ts'
import type { IndexStatus } from '../server/view.ts'
import { openElasticsearchIndex } from '../store/elasticsearch.ts'
import type { EventIndex } from '../store/events.ts'
import { openEventIndex } from '../store/sqlite-events.ts'

interface IndexParts {
  readonly dataDir: string
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  readonly readOnly?: boolean
}

export function indexKind(config: Config): IndexStatus['kind'] {
  return config.store.elasticsearch === null ? 'sqlite' : 'elasticsearch'
}

/** @throws LastpushError of the store; Elasticsearch is asked nothing yet. */
export async function openConfiguredIndex(config: Config, parts: IndexParts): Promise<EventIndex> {
  const { elasticsearch } = config.store
  if (elasticsearch !== null) return openElasticsearchIndex(elasticsearch, parts)
  const { clock, readOnly = false } = parts
  return openEventIndex(parts.dataDir, { clock, readOnly })
}

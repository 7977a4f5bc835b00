/** The event index in Elasticsearch, for many daemons and much history. Nothing is asked of it at
 *  start: the first write finds or makes the index template and the index of the month, and says so
 *  if an index of that name is not ours. While it is away the backlog waits in the state, and
 *  alerting does not notice. */
import type { Client, estypes } from '@elastic/elasticsearch'
import type { Log } from '../flow/log.ts'
import type { Metrics } from '../flow/metrics.ts'
import type { Clock } from '../flow/time.ts'
import { LastpushError } from '../model/errors.ts'
import { putBulk } from './elasticsearch-bulk.ts'
import { connect, indexError, reasonType, statusOf } from './elasticsearch-client.ts'
import { indexEnd, indexName, mappingVersion, properties } from './elasticsearch-mapping.ts'
import type { ElasticsearchOptions } from './elasticsearch-options.ts'
import { newestFirst, ours, searchElasticsearch } from './elasticsearch-search.ts'
import type { EventDocument, EventIndex, EventSearch, FoundEvents, RecentQuery } from './events.ts'

/** Events that one `recent` gives at most. */
const recentMax = 10_000
/** Events deleted at once. */
const purgedPerStep = 1_000

export interface ElasticsearchParts {
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

/** Never fails: what is wrong shows with the first call that needs the server. */
export function openElasticsearchIndex(
  options: ElasticsearchOptions,
  parts: ElasticsearchParts,
): EventIndex {
  return new ElasticsearchIndex(options, parts)
}

class ElasticsearchIndex implements EventIndex {
  readonly #options: ElasticsearchOptions
  readonly #parts: ElasticsearchParts
  #client: Promise<Client> | null = null
  /** Indices that were seen to be ours; null before the template was. */
  #known: Set<string> | null = null
  /** Something was written, maybe by an earlier process, that searches cannot see yet. */
  #unseen = true

  constructor(options: ElasticsearchOptions, parts: ElasticsearchParts) {
    this.#options = options
    this.#parts = parts
  }

  async put(events: readonly EventDocument[]): Promise<void> {
    const prefix = this.#options.index_prefix
    await this.#ask(async (client) => {
      this.#known ??= await this.#prepare(client)
      for (const name of new Set(events.map(({ time }) => indexName(prefix, time)))) {
        if (!this.#known.has(name)) await this.#create(client, name)
        this.#known.add(name)
      }
      this.#unseen = true
      await putBulk(events, { client, prefix, ...this.#parts })
    })
  }

  async recent(query: RecentQuery): Promise<readonly EventDocument[]> {
    const size = Math.max(0, Math.min(query.limit, recentMax))
    return this.#read(async (client) => {
      const { hits } = await client.search<{ document: EventDocument }>({
        ...ours(this.#options.index_prefix),
        query: { bool: { filter: filtersOf(query) } },
        sort: newestFirst,
        size,
        _source: ['document'],
        allow_partial_search_results: false,
      })
      return hits.hits.flatMap(({ _source: source }) => (source ? [source.document] : []))
    })
  }

  async search(search: EventSearch): Promise<FoundEvents> {
    const { clock } = this.#parts
    return this.#read((client) =>
      searchElasticsearch(client, this.#options.index_prefix, search, clock),
    )
  }

  /** Whole months go as whole indices, the rest event by event: the `_delete_by_query` of larger
   *  installations is a module that need not be there. */
  async purge(beforeMs: number): Promise<number> {
    const prefix = this.#options.index_prefix
    return this.#read(async (client) => {
      let purged = 0
      for (const name of Object.keys(await client.indices.get(ours(prefix)))) {
        const end = indexEnd(prefix, name)
        if (end === null || end > beforeMs) continue
        const { count } = await client.count({ index: name })
        await client.indices.delete({ index: name })
        this.#known?.delete(name)
        purged += count
      }
      return purged + (await purgeEvents(client, prefix, beforeMs))
    }).finally(() => {
      this.#unseen = true
    })
  }

  async count(): Promise<number> {
    return this.#read(
      async (client) => (await client.count(ours(this.#options.index_prefix))).count,
    )
  }

  async close(): Promise<void> {
    const client = await this.#client?.catch(() => null)
    await client?.close()
  }

  /** Reads see what was put before. */
  async #read<T>(read: (client: Client) => Promise<T>): Promise<T> {
    return this.#ask(async (client) => {
      if (this.#unseen) {
        this.#unseen = false
        await client.indices.refresh(ours(this.#options.index_prefix))
      }
      return read(client)
    })
  }

  async #ask<T>(use: (client: Client) => Promise<T>): Promise<T> {
    this.#client ??= connect(this.#options)
    const client = this.#client
    try {
      return await use(await client)
    } catch (error) {
      // Whoever comes back may have come back empty, and a secret may have been renewed.
      this.#known = null
      this.#unseen = true
      const shown = indexError(error, this.#options.node)
      if (shown.code === 'INDEX_REFUSED' && this.#client === client) {
        this.#client = null
        await client.then((old) => old.close()).catch(() => {})
      }
      throw shown
    }
  }

  /** @returns The indices that are there already, all of them ours. */
  async #prepare(client: Client): Promise<Set<string>> {
    const prefix = this.#options.index_prefix
    await putTemplate(client, prefix)
    const mappings = await client.indices.getMapping(ours(prefix))
    for (const [name, { mappings: found }] of Object.entries(mappings)) {
      const fault = mappingFault(found)
      if (fault === null) continue
      throw new LastpushError(
        'INDEX_MAPPING',
        `the index ${name} at ${this.#options.node} is none of this lastpush (${fault}): set` +
          ' store.elasticsearch.index_prefix to another name, or delete the index',
      )
    }
    return new Set(Object.keys(mappings))
  }

  async #create(client: Client, index: string): Promise<void> {
    try {
      await client.indices.create({ index })
    } catch (error) {
      if (reasonType(error) !== 'resource_already_exists_exception') throw error
      await this.#prepare(client)
    }
  }
}

/** Leaves a template of this version alone: an operator may have set shards and replicas in it. */
async function putTemplate(client: Client, name: string): Promise<void> {
  const found = await client.indices.getIndexTemplate({ name }).catch((error: unknown) => {
    if (statusOf(error) === 404) return { index_templates: [] }
    throw error
  })
  const meta = found.index_templates[0]?.index_template.template?.mappings?._meta
  if (meta?.['lastpush'] === mappingVersion) return
  await client.indices.putIndexTemplate({
    name,
    index_patterns: [`${name}-*`],
    // Above templates that catch every index.
    priority: 200,
    template: {
      settings: { number_of_shards: 1, auto_expand_replicas: '0-1' },
      mappings: { dynamic: false, _meta: { lastpush: mappingVersion }, properties },
    },
  })
}

/** What keeps an index from being ours; null when nothing does. */
function mappingFault(found: estypes.MappingTypeMapping): string | null {
  const version: unknown = found._meta?.['lastpush']
  if (version === undefined) return 'its mapping names no version of lastpush'
  if (version !== mappingVersion) return `its mapping is version ${JSON.stringify(version)}`
  for (const [name, { type }] of Object.entries(properties)) {
    const there = found.properties?.[name]?.type ?? 'object'
    if (there !== type) return `its field ${name} is ${there} and not ${type}`
  }
  return null
}

function filtersOf({
  from,
  to,
  service,
  signature,
}: RecentQuery): estypes.QueryDslQueryContainer[] {
  const filters: estypes.QueryDslQueryContainer[] = []
  if (from !== undefined) filters.push({ range: { time: { gte: from } } })
  if (to !== undefined) filters.push({ range: { time: { lt: to } } })
  if (service === null) filters.push({ bool: { must_not: [{ exists: { field: 'service' } }] } })
  else if (service !== undefined) filters.push({ term: { service } })
  if (signature !== undefined) filters.push({ term: { signature } })
  return filters
}

/** Deletes events older than a time, oldest first; those that another has deleted do not count. */
async function purgeEvents(client: Client, prefix: string, beforeMs: number): Promise<number> {
  let purged = 0
  for (;;) {
    const { hits } = await client.search({
      ...ours(prefix),
      query: { range: { time: { lt: beforeMs } } },
      sort: [{ time: 'asc' }],
      size: purgedPerStep,
      _source: false,
    })
    if (hits.hits.length === 0) return purged
    const operations = hits.hits.map(({ _index, _id = '' }) => ({ delete: { _index, _id } }))
    const { items } = await client.bulk({ operations, refresh: true })
    const refused = items.find(
      ({ delete: { status = 500 } = {} }) => status >= 300 && status !== 404,
    )
    purged += items.filter((item) => item.delete?.status === 200).length
    if (refused === undefined) continue
    const why = refused.delete?.error?.reason ?? 'no reason given'
    throw new LastpushError('INDEX_AWAY', `old events could not be deleted: ${why}`)
  }
}

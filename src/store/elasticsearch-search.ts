/** Search over Elasticsearch: the server narrows down and, where it can decide alone, counts; every
 *  event that is shown is decided on exactly as rules would. */
import type { Client, estypes } from '@elastic/elasticsearch'
import type { Clock } from '../flow/time.ts'
import { matchEvents } from '../query/match-event.ts'
import { elasticsearchQuery, type ElasticsearchQuery } from './elasticsearch-query.ts'
import { searched } from './event-values.ts'
import type { EventDocument, EventSearch, FoundEvents } from './events.ts'
import { Found } from './found.ts'

/** Events fetched at once. */
const pageEvents = 500
/** The server counts no further. */
const countedMax = 1_000_000
/** Events fetched after the answer is full, to count what the server cannot. */
const countedHereMax = 20_000
/** How long one answer may take, ms. */
const searchMsMax = 10_000

/** Indices of ours, as far as there are any. */
export function ours(prefix: string) {
  return { index: `${prefix}-*`, ignore_unavailable: true, allow_no_indices: true } as const
}

/** The last in the total order of events first. */
export const newestFirst: estypes.Sort = [
  { time: 'desc' },
  { partition: 'desc' },
  { position: 'desc' },
]

interface Source {
  readonly document: EventDocument
}

type Answer = estypes.SearchResponse<Source, { long?: { doc_count: number } }>

/** Runs one search. */
export async function searchElasticsearch(
  client: Client,
  prefix: string,
  search: EventSearch,
  clock: Clock,
): Promise<FoundEvents> {
  const compiled = elasticsearchQuery(search.query)
  const matches = matchEvents(search.query)
  const found = new Found(search)
  const until = clock.monotonic() + searchMsMax
  let size = Math.min(search.limit + 1, pageEvents)
  let after = search.before
  let counted: number | null = null
  for (let fetched = 0; ; size = pageEvents) {
    const counting = fetched === 0 && found.counts
    const answer = await client.search<Source, { long?: { doc_count: number } }>({
      ...ours(prefix),
      ...requestOf(search, compiled, counting),
      size,
      ...(after && { search_after: [after.time, after.partition, after.position] }),
    })
    if (counting) counted = countOf(answer, compiled)
    for (const { _source: source } of answer.hits.hits) {
      if (source === undefined) continue
      const event = source.document
      if (matches(searched(event))) found.add(event, JSON.stringify(event).length)
      after = event
    }
    if (answer.hits.hits.length < size) return found.answer(null, counted)
    fetched += size
    const needed = found.counts && counted === null && fetched < countedHereMax
    if ((found.full && found.surplus && !needed) || clock.monotonic() > until) {
      return found.answer(after ?? null, counted)
    }
  }
}

function requestOf(search: EventSearch, compiled: ElasticsearchQuery, counting: boolean) {
  const { from, to } = search
  const time = { ...(from === undefined ? {} : { gte: from }), ...(to === undefined ? {} : { lt: to }) } // prettier-ignore
  const aggs = { long: { filter: { term: { long: true } } } }
  return {
    query: { bool: { filter: [compiled.filter, { range: { time } }] } },
    sort: newestFirst,
    _source: ['document'],
    track_total_hits: counting && compiled.exact ? countedMax : false,
    allow_partial_search_results: false,
    ...(counting && compiled.exact && compiled.long ? { aggs } : {}),
  }
}

/** What the server has counted; null when some of it may not match. */
function countOf(answer: Answer, { exact }: ElasticsearchQuery): number | null {
  const { total } = answer.hits
  if (!exact || total === undefined || typeof total === 'number') return null
  if (total.relation !== 'eq' || (answer.aggregations?.long?.doc_count ?? 0) > 0) return null
  return total.value
}

/** Writes events in bulks, each with an outcome of its own: stored, refused for now and tried again,
 *  or refused for good and left out, with a warning and a counter, while the rest goes on.
 *
 *  The operation is `index` with the event's own version and not `create`: an event whose stack has
 *  grown is put again and replaces what is there, and 409, a newer one is there, is success. */
import type { Client } from '@elastic/elasticsearch'
import type { Log } from '../flow/log.ts'
import type { Metrics } from '../flow/metrics.ts'
import type { Clock } from '../flow/time.ts'
import { LastpushError } from '../model/errors.ts'
import { mayPass, statusOf } from './elasticsearch-client.ts'
import { documentId, documentSource, documentVersion, indexName } from './elasticsearch-mapping.ts'
import type { EventDocument } from './events.ts'

/** Bytes of one request, unless a single event is larger. */
const bulkBytesMax = 5 * 1024 * 1024
/** Attempts for what is refused for now; after the last one it is the caller's turn. */
const attemptsMax = 4
/** Pause after the first attempt, doubled by each further one, ms. */
const pauseMinMs = 250

interface BulkParts {
  readonly client: Client
  readonly prefix: string
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
}

/** One event, ready to be sent. */
interface Item {
  readonly id: string
  /** The action, then the source, as lines of the request. */
  readonly lines: readonly [string, string]
}

/** Resolves when every event is stored or left out. @throws INDEX_AWAY or the client's errors. */
export async function putBulk(events: readonly EventDocument[], parts: BulkParts): Promise<void> {
  let bulk: Item[] = []
  let bytes = 0
  for (const event of events) {
    const item = itemOf(event, parts.prefix)
    const size = item.lines[0].length + item.lines[1].length
    if (bulk.length > 0 && bytes + size > bulkBytesMax) {
      await send(bulk, parts)
      bulk = []
      bytes = 0
    }
    bulk.push(item)
    bytes += size
  }
  if (bulk.length > 0) await send(bulk, parts)
}

function itemOf(event: EventDocument, prefix: string): Item {
  const action = {
    index: {
      _index: indexName(prefix, event.time),
      _id: documentId(event.id),
      version: documentVersion(event),
      version_type: 'external_gte',
    },
  }
  return { id: event.id, lines: [JSON.stringify(action), JSON.stringify(documentSource(event))] }
}

async function send(bulk: readonly Item[], parts: BulkParts): Promise<void> {
  let waiting = bulk
  for (let attempt = 1; waiting.length > 0; attempt += 1) {
    const again = await attemptOnce(waiting, parts)
    if (again.items.length > 0 && attempt === attemptsMax) {
      const count = `${again.items.length} of ${bulk.length} events`
      throw new LastpushError('INDEX_AWAY', `Elasticsearch refuses ${count} for now: ${again.why}`)
    }
    waiting = again.items
    if (waiting.length === 0) return
    parts.metrics
      .counter('lastpush_index_retried_total', 'Events that the index refused for now.')
      .add(waiting.length)
    await parts.clock.sleep(pauseMinMs * 2 ** (attempt - 1))
  }
}

interface Again {
  readonly items: readonly Item[]
  readonly why: string
}

/** @returns What was refused for now. */
async function attemptOnce(items: readonly Item[], parts: BulkParts): Promise<Again> {
  let answers
  try {
    const operations = items.flatMap(({ lines }) => lines)
    answers = (await parts.client.bulk<string>({ operations })).items
  } catch (error) {
    if (statusOf(error) !== 413) throw error
    return halves(items, parts)
  }
  const again: Item[] = []
  let why = ''
  items.forEach((item, at) => {
    // An answer that says nothing of an event has not stored it.
    const { status, error } = answers[at]?.index ?? { status: 503, error: undefined }
    const type = error?.type ?? ''
    if (status < 300 || status === 409) return
    const reason = `${status} ${type} ${error?.reason ?? ''}`.trim().slice(0, 500)
    if (status === 404 || mayPass(status, type)) {
      again.push(item)
      why = reason
    } else {
      park(item, reason, parts)
    }
  })
  return { items: again, why }
}

/** Something between here and there takes less at once. */
async function halves(items: readonly Item[], parts: BulkParts): Promise<Again> {
  const [only] = items
  if (items.length === 1 && only !== undefined) {
    park(only, '413 too large for a request', parts)
    return { items: [], why: '' }
  }
  const middle = Math.ceil(items.length / 2)
  await send(items.slice(0, middle), parts)
  await send(items.slice(middle), parts)
  return { items: [], why: '' }
}

/** Left out for good: nothing that waits would change the answer. */
function park({ id }: Item, reason: string, { log, metrics }: BulkParts): void {
  metrics.counter('lastpush_index_parked_total', 'Events that the index refused for good.').add(1)
  log.warn({ id, reason }, 'the event index refuses an event: it cannot be searched for')
}

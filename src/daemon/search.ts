/** A search as people ask it: text, a deploy, a service; turned into what an event index knows, and
 *  its events joined with the deploys that they met. The same answer from a daemon and from a
 *  command that reads the store without one. */
import type { DeployTracker } from '../deploys/tracker.ts'
import { isoTime } from '../flow/time.ts'
import { sameSha, type Deploy } from '../model/deploy.ts'
import { LastpushError } from '../model/errors.ts'
import { parseQuery, type Query } from '../query/query.ts'
import { writeCursor } from '../server/cursor.ts'
import type { Events, EventsQuestion, FoundEvent } from '../server/view.ts'
import type { EventDocument, EventIndex, EventSearch } from '../store/events.ts'
import { namedDeploy } from './since.ts'

const eventsUsual = 100
/** Terms of one search: each is looked for in every event that comes into question. */
const termsMax = 256

export interface SearchContext {
  /** null: it could not be opened. */
  readonly index: EventIndex | null
  readonly tracker: DeployTracker
}

/** @throws LastpushError QUERY_INVALID, DEPLOY_UNKNOWN, INDEX_AWAY or another of the index. */
export async function search(question: EventsQuestion, context: SearchContext): Promise<Events> {
  const asked = searchOf(question, context.tracker)
  if (context.index === null) {
    const message = 'the event index could not be opened; the log of lastpush has the reason'
    throw new LastpushError('INDEX_AWAY', message)
  }
  const { events, total, next } = await context.index.search(asked)
  return {
    events: events.map((event) => attributed(event, context.tracker)),
    total,
    next: next === null ? null : writeCursor(next),
  }
}

/** What to ask the index. */
function searchOf(question: EventsQuestion, tracker: DeployTracker): EventSearch {
  const parts: Query[] = [parseQuery(question.q?.trim() === '' ? '*' : (question.q ?? '*'))]
  const { service, env, deploy: named, limit = eventsUsual, before } = question
  if (service !== undefined) parts.push({ kind: 'is', field: 'service', value: service })
  if (env !== undefined) parts.push({ kind: 'is', field: 'env', value: env })
  let { from, to } = question
  if (named !== undefined) {
    const deploy = namedDeploy(tracker, question, named)
    parts.push(...scopeOf(deploy))
    const next = tracker.next(deploy)
    from = Math.max(from ?? -Infinity, Date.parse(deploy.start))
    to = Math.min(to ?? Infinity, next === null ? Infinity : Date.parse(next.start))
  }
  const query: Query = { kind: 'and', parts }
  refuseTooMany(query)
  return {
    query: parts.length === 1 && parts[0] !== undefined ? parts[0] : query,
    limit,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined || to === Infinity ? {} : { to }),
    ...(before === undefined ? {} : { before }),
  }
}

/** Events that a deploy may have met: an event without a service meets those of any. */
function scopeOf({ service, env }: Deploy): Query[] {
  const inEnv: Query = { kind: 'is', field: 'env', value: env }
  if (service === null) return [inEnv]
  const own: Query = { kind: 'is', field: 'service', value: service }
  const none: Query = { kind: 'not', part: { kind: 'exists', field: 'service' } }
  return [inEnv, { kind: 'or', parts: [own, none] }]
}

function refuseTooMany(query: Query): void {
  let terms = 0
  const waiting = [query]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.kind === 'and' || next.kind === 'or') waiting.push(...next.parts)
    else if (next.kind === 'not') waiting.push(next.part)
    else terms += next.kind === 'words' ? next.words.length : 1
  }
  if (terms <= termsMax) return
  const message = `a search has at most ${termsMax} terms, this one has ${terms}`
  throw new LastpushError('QUERY_INVALID', message, {
    faults: [{ place: { file: 'query', line: 1, column: 1 }, message }],
  })
}

function attributed(event: EventDocument, tracker: DeployTracker): FoundEvent {
  const deploy = tracker.inEffect(event.time, event.env, event.service)
  const other = event.sha !== null && deploy !== null && !sameSha(event.sha, deploy.sha)
  return {
    ...event,
    time: isoTime(event.time),
    sha: event.sha ?? deploy?.sha ?? null,
    deploy: other ? null : (deploy?.id ?? null),
  }
}

/** What search must find: every index gives exactly the events that rules would match, which the
 *  evaluation over columns (query/match.ts) decides here, document by document. */
import fc from 'fast-check'
import { expect } from 'vitest'
import { ValueColumn, type Columns } from '../../src/model/columns.ts'
import { compareEvents } from '../../src/model/event.ts'
import { bindQuery } from '../../src/query/match.ts'
import { formatQuery, type Query } from '../../src/query/query.ts'
import type { EventDocument, EventIndex } from '../../src/store/events.ts'
import { fieldName, queryTree } from '../query/arbitraries.ts'
import { eventOf } from './store-samples.ts'

const text = fc.constantFrom(
  '1', '2', '-3', '7', '-0', '1e3', '0x10', ' 5 ', '', 'x', 'X', 'AND', 'a b', '/a/b*', '/a/b', '/',
  '"', '\\', 'é', 'É', 'x/é', '(x)', 'TO', '*', '?', '%', '_', '😀', '\uFF00', '\uFFFD', 'a\0b',
  "'; DROP TABLE event;--", 'Infinity', '500', 'web', 'Ünïcode', 'boom BIM ax',
) // prettier-ignore
const value = fc.oneof(text, fc.constantFrom(0, 1, 2, -3, 7, 1.5, 0.1, 1e21, 500, 503))
const piece = fc.constantFrom('Boom', 'boom', 'and', 'É1', 'e\u0301a', 'bim', 'ax', 'timed-out', 'İx', 'ΑΣ', '٣', 'a_b', 'x'.repeat(300), '😀', '\u0000', '*') // prettier-ignore
const message = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(' '))
const second = Date.UTC(2026, 10, 23, 12)

const document = fc.record({
  time: fc.integer({ min: 0, max: 3 }).map((n) => second + n * 1_000),
  fields: fc.dictionary(fieldName, value, { maxKeys: 4 }),
  message: fc.option(fc.oneof(message, fc.constant(7)), { nil: undefined }),
  text: message,
  service: fc.constantFrom(null, '', 'web', 'api', '5'),
  env: fc.constantFrom('production', 'staging'),
  level: fc.constantFrom(null, 'error', 'warn'),
  status: fc.constantFrom(null, 200, 500, 503),
  ownStatus: fc.constantFrom(undefined, '0500', 503),
  signature: fc.constantFrom(null, 's1', 's2'),
  sha: fc.constantFrom(null, 'abc1234'),
  partition: fc.constantFrom('/var/log/a.log', '/var/log/b.log', 'topic/0'),
})

const ownLeaf: fc.Arbitrary<Query> = fc.oneof(
  fc.record({
    kind: fc.constant('is' as const),
    field: fc.constantFrom('service', 'env', 'level', 'status', 'signature', 'sha', 'source'),
    value: fc.constantFrom('web', '5', 'production', 'error', '500', '0500', 's1', 'abc1234', 'app', ''), // prettier-ignore
  }),
  fc.record({
    kind: fc.constant('exists' as const),
    field: fc.constantFrom('service', 'level', 'status', 'signature', 'sha', 'message', 'time'),
  }),
  fc.record({
    kind: fc.constant('range' as const),
    field: fc.constantFrom('status', 'a', 'b'),
    low: fc.constantFrom(null, { value: '500', inclusive: true }, { value: 'a', inclusive: false }),
    high: fc.constantFrom({ value: '599', inclusive: true }, { value: 'x', inclusive: true }),
  }),
  fc.record({
    kind: fc.constant('range' as const),
    field: fc.constant('time'),
    low: fc.constantFrom(null, { value: '2026-11-23T12:00:01Z', inclusive: false }),
    high: fc.constant({ value: '2026-11-23T13:00:02+01:00', inclusive: true }),
  }),
  fc.record({
    kind: fc.constant('like' as const),
    field: fc.constantFrom('time', 'service', 'signature', 'path'),
    pattern: fc.constantFrom('*12:00:0?*', 'w*', 's?', '*a*a*', '*\\**', '*?*?/?'),
  }),
  fc
    .array(
      fc.constantFrom(
        'boom',
        'é1',
        'e',
        'a',
        '7',
        'timed',
        'out',
        'i',
        'ας',
        '٣',
        'b*',
        '*x',
        'x'.repeat(300),
        '?m*',
      ),
      { minLength: 1, maxLength: 3 },
    ) // prettier-ignore
    .map((words): Query => ({ kind: 'words', words })),
)

/** Random trees, a good part of them about what random events hold. */
export const searchTree: fc.Arbitrary<Query> = fc.oneof(
  queryTree,
  ownLeaf,
  ownLeaf.map((part): Query => ({ kind: 'not', part })),
  fc.tuple(ownLeaf, queryTree).map(([a, b]): Query => ({ kind: 'and', parts: [a, b] })),
  fc.tuple(ownLeaf, ownLeaf, queryTree).map((parts): Query => ({ kind: 'or', parts })),
)

/** Random events, each at a place of its own; the same for the same seed. */
export function randomEvents(count: number, seed: number): EventDocument[] {
  return fc.sample(document, { numRuns: count, seed }).map((parts, position) => {
    const { ownStatus, message: said, fields, ...facts } = parts
    const all: Record<string, string | number> = { ...fields }
    if (ownStatus !== undefined) all['status'] = ownStatus
    if (said !== undefined) all['message'] = said
    const id = `${facts.partition}@${position}`
    return eventOf({ ...facts, id, position, fields: all })
  })
}

/** Decides by the columns that the events would have come in. */
export function matching(query: Query, events: readonly EventDocument[]): EventDocument[] {
  const matches = bindQuery(query, columnsOf(events))
  return events
    .filter((_, row) => matches(row))
    .sort(compareEvents)
    .reverse()
}

function columnsOf(events: readonly EventDocument[]): Columns {
  const lines = events.map((event) => Buffer.from(event.text))
  const ends = lines.map(() => 0)
  lines.reduce((at, line, row) => (ends[row] = at + line.length), 0)
  const fields = new Map<string, ValueColumn>()
  const set = (name: string, row: number, value: string | number | null): void => {
    const column = fields.get(name) ?? new ValueColumn(events.length)
    fields.set(name, column)
    column.values[row] ??= value
  }
  events.forEach((event, row) => {
    for (const [name, value] of Object.entries(event.fields)) set(name, row, value)
    for (const name of ['service', 'env', 'source', 'level', 'signature', 'sha', 'status'] as const)
      set(name, row, event[name])
  })
  return {
    bytes: Buffer.concat(lines),
    rows: events.length,
    kind: new Uint8Array(events.length),
    lineStart: Int32Array.from(ends, (end, row) => end - (lines[row]?.length ?? 0)),
    lineEnd: Int32Array.from(ends),
    time: Float64Array.from(events, ({ time }) => time),
    fields,
    unparsed: () => ({ reason: '', column: 1 }),
  }
}

/** Checks one query against an index that holds exactly these events, page by page. */
export async function expectSearch(
  index: EventIndex,
  query: Query,
  events: readonly EventDocument[],
  limit: number,
): Promise<void> {
  const wanted = matching(query, events).map(({ id }) => id)
  const first = await index.search({ query, limit })
  expect(first.total, formatQuery(query)).toBe(wanted.length)
  const ids = first.events.map(({ id }) => id)
  for (let before = first.next; before !== null;) {
    const page = await index.search({ query, limit, before })
    expect(page.total).toBeNull()
    ids.push(...page.events.map(({ id }) => id))
    before = page.next
  }
  expect(ids, formatQuery(query)).toEqual(wanted)
}

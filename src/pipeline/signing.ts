/** Signs the events of a batch that have a message: the column `signature`, the verdict series of
 *  each signature, and what was seen of it. */
import { lineText, ValueColumn, type Columns } from '../model/columns.ts'
import { scopeOf } from '../model/scope.ts'
import type { Signature, SignatureTable } from '../signatures/signature.ts'
import type { SignatureDelta } from '../store/state.ts'
import { itemKey } from '../windows/history.ts'
import type { ItemPanes } from './item-panes.ts'
import type { RowScopes } from './scopes.ts'
import type { Timed } from './timing.ts'

/** Levels that count as errors in decisions and on the page. */
const errorLevels: ReadonlySet<string> = new Set(['emerg', 'alert', 'crit', 'error'])
/** True for error and worse; an event without a level is none. */
export function isErrorLevel(level: string | null): boolean {
  return level !== null && errorLevels.has(level)
}

/** Bytes of a line kept as a sample. */
export const sampleBytesMax = 1_000

/** What a batch has of one signature in one scope. Its newest line stays a row until it is asked
 *  for: in a burst thousands of lines are the newest for a moment. */
interface Seen {
  readonly signature: Signature
  readonly item: number
  count: number
  first: number
  last: number
  row: number
  /** Text of `row`, when it had to be compared. */
  text: string | null
}

/**
 * @returns The deltas of each scope, by index into `scopes.keys`.
 */
export function signRows(
  columns: Columns,
  timed: Timed,
  scopes: RowScopes,
  table: SignatureTable,
  panes: readonly ItemPanes[],
): readonly (readonly SignatureDelta[])[] {
  const message = columns.fields.get('message')
  if (message === undefined) return []
  const exception = columns.fields.get('exception')
  const level = columns.fields.get('level')
  const signed = new ValueColumn(columns.rows)
  const seen = scopes.keys.map(() => new Map<string, Seen>())
  for (const row of timed.rows) {
    const text = message.text(row)
    if (text === null) continue
    const scope = scopes.of === null ? 0 : scopes.of[row]!
    const signature = table.sign(scopes.keys[scope]!, text, exception?.text(row) ?? null)
    signed.values[row] = signature.id
    const time = timed.time[row]!
    const into = panes[scope]!
    const known = seen[scope]!.get(signature.id)
    const one = known ?? first(signature, into.id(itemKey('signature', signature.id)), time, row)
    if (known === undefined) seen[scope]!.set(signature.id, one)
    else see(columns, known, time, row)
    const late = timed.late[row]!
    const judged = late === 0 && isErrorLevel(level?.text(row) ?? null) ? 1 : 0
    into.add(one.item, Math.floor(time / 1_000), 1 - late, late, judged)
  }
  columns.fields.set('signature', signed)
  return seen.map((of, scope) =>
    [...of.values()].map((each) => deltaOf(columns, each, scopes.keys[scope]!)),
  )
}

function first(signature: Signature, item: number, time: number, row: number): Seen {
  return { signature, item, count: 1, first: time, last: time, row, text: null }
}

/** The newest line is kept; of two at one time the greater text, as mergeSignature does. */
function see(columns: Columns, seen: Seen, time: number, row: number): void {
  seen.count += 1
  if (time < seen.first) seen.first = time
  if (time < seen.last) return
  const text = time > seen.last ? null : lineText(columns, row, sampleBytesMax)
  if (text !== null) {
    seen.text ??= lineText(columns, seen.row, sampleBytesMax)
    if (text <= seen.text) return
  }
  seen.last = time
  seen.row = row
  seen.text = text
}

function deltaOf(columns: Columns, seen: Seen, scope: string): SignatureDelta {
  const { id, template } = seen.signature
  return {
    ...scopeOf(scope),
    id,
    group: id,
    template,
    level: columns.fields.get('level')?.text(seen.row) ?? null,
    firstSeen: seen.first,
    lastSeen: seen.last,
    count: seen.count,
    sample: seen.text ?? lineText(columns, seen.row, sampleBytesMax),
  }
}

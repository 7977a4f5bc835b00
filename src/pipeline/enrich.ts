/** Gives every event its service, environment and host: the line's own field first, then the source's
 *  label, then the first of the configured `services:` queries that matches, else null; the
 *  environment falls back to the configured one. The result stands in the columns `service`, `env`
 *  and `source`, where queries and group keys find it. */
import {
  ConstantColumn,
  rowKind,
  SpanColumn,
  ValueColumn,
  type Column,
  type Columns,
} from '../model/columns.ts'
import { scopeKey } from '../model/scope.ts'
import { hashBytes } from '../query/exact-values.ts'
import { bindQuery } from '../query/match.ts'
import type { ServiceQuery } from '../sources/settings.ts'
import { oneScope, ScopeRows, type RowScopes } from './scopes.ts'

/** Labels that a source gives its lines. */
export interface SourceLabels {
  readonly source: string
  readonly service: string | null
  readonly env: string
  /** null and absent: what the line says is all that is known. */
  readonly host?: string | null
}

export function enrich(
  columns: Columns,
  labels: SourceLabels,
  services: readonly ServiceQuery[],
): RowScopes {
  const ownService = columns.fields.get('service')
  const ownEnv = columns.fields.get('env')
  columns.fields.set('source', new ConstantColumn(labels.source))
  if (ownEnv === undefined) columns.fields.set('env', new ConstantColumn(labels.env))
  else
    columns.fields.set(
      'env',
      withDefault(columns, ownEnv, () => labels.env),
    )

  if (labels.host != null) addHost(columns, labels.host)
  const asked = labels.service === null && services.length > 0
  if (ownService === undefined && !asked) {
    if (labels.service !== null) columns.fields.set('service', new ConstantColumn(labels.service))
    if (ownEnv === undefined) return oneScope(scopeKey(labels))
  } else {
    const fallback = asked ? askedService(columns, services) : () => labels.service
    columns.fields.set('service', withDefault(columns, ownService, fallback))
  }
  return scopesOf(columns, labels.env)
}

function addHost(columns: Columns, host: string): void {
  const own = columns.fields.get('host')
  const column =
    own === undefined ? new ConstantColumn(host) : withDefault(columns, own, () => host)
  columns.fields.set('host', column)
}

/** The first of the queried services that matches a row. */
function askedService(
  columns: Columns,
  services: readonly ServiceQuery[],
): (row: number) => string | null {
  const bound = services.map(({ service, query }) => ({ service, matches: bindQuery(query, columns) })) // prettier-ignore
  return (row) => bound.find(({ matches }) => matches(row))?.service ?? null
}

/** The scope of each event, by its service and environment. */
function scopesOf(columns: Columns, fallbackEnv: string): RowScopes {
  const services = columns.fields.get('service')
  const envs = columns.fields.get('env')
  const scopes = new ScopeRows(columns.rows)
  let lastService: string | null = null
  let lastEnv: string | null = null
  let id = 0
  for (let row = 0; row < columns.rows; row++) {
    if (columns.kind[row] !== rowKind.event) continue
    const service = services?.text(row) ?? null
    const env = envs?.text(row) ?? fallbackEnv
    if (service !== lastService || env !== lastEnv) {
      id = scopes.id(scopeKey({ service, env }))
      lastService = service
      lastEnv = env
    }
    scopes.set(row, id)
  }
  return scopes.done()
}

function withDefault(
  columns: Columns,
  own: Column | undefined,
  fallback: (row: number) => string | null,
): Column {
  const column = new ValueColumn(columns.rows)
  const text = own === undefined ? () => null : textReader(own)
  for (let row = 0; row < columns.rows; row++) {
    if (columns.kind[row] === rowKind.event) column.values[row] = text(row) ?? fallback(row)
  }
  return column
}

/** Values of a batch that are kept as strings, by their hash: services and environments are few. */
const textsMax = 64

/** The text of each row, not decoded again where the batch has had it lately. */
function textReader(column: Column): (row: number) => string | null {
  if (!(column instanceof SpanColumn)) return (row) => column.text(row)
  const { bytes, start, end } = column
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const rows = new Int32Array(textsMax).fill(-1)
  const texts = new Array<string | null>(textsMax).fill(null)
  return (row) => {
    const [from, to] = [start[row]!, end[row]!]
    if (from < 0) return null
    const slot = hashBytes(bytes, view, from, to) & (textsMax - 1)
    const known = rows[slot]!
    if (known >= 0 && isSame(bytes, from, to, start[known]!, end[known]!)) return texts[slot]!
    rows[slot] = row
    return (texts[slot] = column.text(row))
  }
}

function isSame(bytes: Buffer, from: number, to: number, start: number, end: number): boolean {
  if (end - start !== to - from) return false
  for (let at = from; at < to; at++) if (bytes[at] !== bytes[start + at - from]) return false
  return true
}

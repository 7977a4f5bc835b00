/** Gives every event its service and environment: the line's own field first, then the source's
 *  label, then the first of the configured `services:` queries that matches, else null; the
 *  environment falls back to the configured one. The result stands in the columns `service`, `env`
 *  and `source`, where queries and group keys find it. */
import {
  ConstantColumn,
  rowKind,
  ValueColumn,
  type Column,
  type Columns,
} from '../model/columns.ts'
import { scopeKey } from '../model/scope.ts'
import { bindQuery } from '../query/match.ts'
import type { ServiceQuery } from '../sources/settings.ts'
import { oneScope, ScopeRows, type RowScopes } from './scopes.ts'

/** Labels that a source gives its lines. */
export interface SourceLabels {
  readonly source: string
  readonly service: string | null
  readonly env: string
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

  const asked = labels.service === null && services.length > 0
  if (ownService === undefined && !asked) {
    if (labels.service !== null) columns.fields.set('service', new ConstantColumn(labels.service))
    if (ownEnv === undefined) return oneScope(scopeKey(labels))
  } else {
    const bound = asked
      ? services.map(({ service, query }) => ({ service, matches: bindQuery(query, columns) }))
      : []
    const fallback = (row: number): string | null =>
      labels.service ?? bound.find(({ matches }) => matches(row))?.service ?? null
    columns.fields.set('service', withDefault(columns, ownService, fallback))
  }
  const service = columns.fields.get('service')
  const env = columns.fields.get('env')
  const scopes = new ScopeRows(columns.rows)
  for (let row = 0; row < columns.rows; row++) {
    if (columns.kind[row] !== rowKind.event) continue
    scopes.set(row, scopeKey({ service: service?.text(row) ?? null, env: env?.text(row) ?? labels.env })) // prettier-ignore
  }
  return scopes.done()
}

function withDefault(
  columns: Columns,
  own: Column | undefined,
  fallback: (row: number) => string | null,
): Column {
  const column = new ValueColumn(columns.rows)
  for (let row = 0; row < columns.rows; row++) {
    if (columns.kind[row] === rowKind.event) column.values[row] = own?.text(row) ?? fallback(row)
  }
  return column
}

/** What the configuration says of sources and services beside how they are read. */
import type { Query } from '../query/query.ts'

/** A source as the pipeline needs it. */
export interface SourceSettings {
  readonly name: string
  readonly service: string | null
  readonly env: string
  /** null: told from the first lines. */
  readonly parser: string | null
  /** IANA zone of times that name none. */
  readonly zone: string
  readonly latenessMs: number
}

/** A service told by a query instead of by its source. */
export interface ServiceQuery {
  readonly service: string
  readonly query: Query
}

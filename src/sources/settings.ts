/** What the configuration says of sources and services beside how they are read. */
import type { Query } from '../query/query.ts'

/** A source as the pipeline needs it. */
export interface SourceSettings {
  readonly name: string
  readonly service: string | null
  readonly env: string
  /** The machine that writes it; nothing when the source does not say. */
  readonly host?: string | null
  /** What the path of a file, or the topic and number of a partition, says; it wins over the above. */
  readonly pathLabels?: PathLabels | null
  /** null: told from the first lines. */
  readonly parser: string | null
  /** IANA zone of times that name none. */
  readonly zone: string
  readonly latenessMs: number
}

/** Labels that the name of a partition gives; those that it does not give are absent. */
export type PathLabels = (
  partition: string,
) => Partial<Readonly<Record<'service' | 'env' | 'host', string>>>

/** What holds in one partition of a source. */
export function settingsOf(source: SourceSettings, partition: string): SourceSettings {
  return { ...source, ...source.pathLabels?.(partition) }
}

/** A service told by a query instead of by its source. */
export interface ServiceQuery {
  readonly service: string
  readonly query: Query
}

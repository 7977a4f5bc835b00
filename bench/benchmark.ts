/** Contract: a benchmark answers one question. Each is one file `<question>.bench.ts`, whose head
 *  comment says what is fair about it and to whom, and one line in benchmarks.ts. */
import type { Table } from './table.ts'

/** What the command line says. */
export interface Settings {
  /** A small run that shows that everything works; its figures mean little. */
  readonly quick: boolean
  /** Lines of input; null: the benchmark's own choice. */
  readonly lines: number | null
  /** How often each contestant runs; null: the benchmark's own choice. */
  readonly rounds: number | null
}

export interface Report {
  /** What was read, in words. */
  readonly input: string
  readonly tables: readonly Table[]
  /** Sentences: what was left out, what fell short. */
  readonly notes: readonly string[]
  /** The figures behind the tables, for machines: plain JSON. */
  readonly figures: unknown
  /** Versions of the programs that took part. */
  readonly versions?: Readonly<Record<string, string>>
}

export interface Benchmark {
  readonly name: string
  readonly question: string
  /** Rejects when a contestant fails or gives another answer than the others. */
  readonly run: (settings: Settings) => Promise<Report>
}

/** The size to run at. */
export function linesOf(settings: Settings, full: number, quick: number): number {
  return settings.lines ?? (settings.quick ? quick : full)
}

export function roundsOf(settings: Settings, full: number): number {
  return settings.rounds ?? (settings.quick ? 1 : full)
}

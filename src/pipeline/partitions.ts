/** The partitions that were ever read, and the part that each has in the watermarks. */
import type { Batch } from '../model/event.ts'
import { scopeKey } from '../model/scope.ts'
import { settingsOf, type SourceSettings } from '../sources/settings.ts'
import type { Watermarks } from '../windows/watermark.ts'
import { getOrMake } from './partial.ts'
import { newPartition, type PartitionState } from './partition.ts'

export class Partitions {
  readonly #sources: ReadonlyMap<string, SourceSettings>
  readonly #watermarks: Watermarks
  readonly #live: boolean
  readonly #byName = new Map<string, PartitionState>()
  readonly #settings = new Map<string, SourceSettings>()

  /** @param live Following live; false in a replay. */
  constructor(sources: ReadonlyMap<string, SourceSettings>, watermarks: Watermarks, live: boolean) {
    this.#sources = sources
    this.#watermarks = watermarks
    this.#live = live
  }

  get(partition: string): PartitionState | undefined {
    return this.#byName.get(partition)
  }

  all(): IterableIterator<PartitionState> {
    return this.#byName.values()
  }

  /** The partition of a batch, which is opened if nobody has done so. */
  of({ source, partition, arrivalMs }: Batch): PartitionState {
    return this.#byName.get(partition) ?? this.open(source, partition, arrivalMs)
  }

  /** @throws Error when no source of this name is configured. */
  source(name: string): SourceSettings {
    const settings = this.#sources.get(name)
    if (settings === undefined) throw new Error(`source ${name} is not configured`)
    return settings
  }

  /** What is configured for a partition, with the labels that its own name gives.
   *  @throws Error when no source of this name is configured. */
  settings(sourceName: string, partition: string): SourceSettings {
    const known = this.#settings.get(partition)
    if (known?.name === sourceName) return known
    const settings = settingsOf(this.source(sourceName), partition)
    this.#settings.set(partition, settings)
    return settings
  }

  /** A partition was found: it holds its watermark back until its lines have come. */
  open(sourceName: string, partition: string, nowMs: number): PartitionState {
    const source = this.settings(sourceName, partition)
    const state = getOrMake(this.#byName, partition, () => newPartition(sourceName, partition))
    state.source = sourceName
    // Without a label of its own its lines may belong to any service. A replay waits for every file
    // anyway, and must not decide by which of them it happened to read first.
    const any = source.service === null || !this.#live
    this.#watermarks.open(
      partition,
      {
        source: sourceName,
        latenessMs: source.latenessMs,
        scope: any ? null : scopeKey(source),
        ...(state.newest === null ? {} : { newest: state.newest }),
      },
      nowMs,
    )
    for (const scope of state.scopes) this.#watermarks.feed(partition, scope)
    return state
  }

  /** Takes up a partition as it was committed. */
  restore(key: string, partition: PartitionState, nowMs: number): void {
    this.#byName.set(key, partition)
    // Held back from the first moment: another source must not run ahead of what this partition has
    // gathered while nobody was reading.
    if (this.#sources.has(partition.source)) this.open(partition.source, key, nowMs)
  }
}

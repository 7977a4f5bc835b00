/** How many lines a second each partition has brought lately, from the counts that the pipeline keeps
 *  anyway: compared with those of 10 to 20 s ago. */
import type { PartitionState } from '../pipeline/partition.ts'

/** Between two samples, ms. */
const sampleMs = 10_000

type Counted = Pick<PartitionState, 'partition' | 'lines'>

interface Sample {
  readonly atMs: number
  readonly lines: ReadonlyMap<string, number>
}

export class LineRates {
  readonly #partitions: () => Iterable<Counted>
  #before: Sample
  #last: Sample

  /** @param nowMs Monotonic, as in the other calls. */
  constructor(partitions: () => Iterable<Counted>, nowMs: number) {
    this.#partitions = partitions
    this.#before = this.#last = this.#sample(nowMs)
  }

  /** Takes a sample when one is due; to be called every second or so. */
  tick(nowMs: number): void {
    if (nowMs - this.#last.atMs < sampleMs) return
    this.#before = this.#last
    this.#last = this.#sample(nowMs)
  }

  /** Lines a second of a partition that has brought `lines` in all, to one decimal. */
  of({ partition, lines }: Counted, nowMs: number): number {
    const { atMs, lines: before } = this.#before
    if (nowMs <= atMs) return 0
    const more = lines - (before.get(partition) ?? 0)
    return Math.round((more / (nowMs - atMs)) * 10_000) / 10
  }

  #sample(atMs: number): Sample {
    const lines = new Map<string, number>()
    for (const partition of this.#partitions()) lines.set(partition.partition, partition.lines)
    return { atMs, lines }
  }
}

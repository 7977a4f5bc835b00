/** Gauges of a Kafka source: how much is still to be read, and since when the brokers are silent. */
import type { SourceContext } from '../source.ts'
import { partitionName, type KafkaPartition } from './partition.ts'
import type { PartitionRange } from './topics.ts'

export class KafkaMeasures {
  readonly #source: string
  readonly #context: SourceContext
  #fetchedAt: number

  constructor(source: string, context: SourceContext) {
    this.#source = source
    this.#context = context
    this.#fetchedAt = context.clock.monotonic()
  }

  /** The brokers have answered a fetch. */
  fetched(): void {
    this.#fetchedAt = this.#context.clock.monotonic()
  }

  lag(ranges: readonly PartitionRange[], partitions: ReadonlyMap<string, KafkaPartition>): void {
    const { metrics } = this.#context
    const lag = metrics.gauge('lastpush_kafka_lag_messages', 'Messages that are still to be read.')
    for (const { topic, id, high } of ranges) {
      const partition = partitionName(topic, id)
      const offset = partitions.get(partition)?.position.offset ?? 0
      lag.set(Math.max(0, high - offset), { source: this.#source, partition })
    }
  }

  age(): void {
    const { metrics, clock } = this.#context
    const help = 'Time since the brokers last answered a fetch; since the start before the first.'
    const age = metrics.gauge('lastpush_kafka_fetch_age_seconds', help)
    age.set((clock.monotonic() - this.#fetchedAt) / 1_000, { source: this.#source })
  }
}

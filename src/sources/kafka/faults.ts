/** What is wrong with a Kafka source, said once in the log and kept in `status` until it is over. */
import type { Metric } from '../../flow/metrics.ts'
import type { KafkaTiming } from './consumer.ts'
import type { KafkaOptions } from './options.ts'
import type { KafkaPartition } from './partition.ts'
import type { Poison } from './reading.ts'
import { isPattern, standsFor } from './topic-names.ts'
import { topicsMax, type PartitionRange } from './topics.ts'
import type { SourceContext } from '../source.ts'

/** How long a loss of messages, which nothing can mend, or poison among them stays in `status`, ms. */
const lossShownMs = 600_000

export class KafkaFaults {
  readonly #source: string
  readonly #options: KafkaOptions
  readonly #context: SourceContext
  readonly #shown = new Map<string, string>()
  /** Since when a partition has no member of ours, ms of the monotonic clock, and how often it had
   *  one by then: between two looks it may come and go again. */
  readonly #unread = new Map<string, { readonly since: number; readonly turns: number }>()
  /** When a loss was last seen, ms of the monotonic clock. */
  readonly #losses = new Map<string, number>()
  readonly #lost: Metric
  readonly #restarts: Metric
  #brokers: string | null = null
  #group: string | null = null
  #claim: string | null = null

  constructor(source: string, options: KafkaOptions, context: SourceContext) {
    this.#source = source
    this.#options = options
    this.#context = context
    const { metrics } = context
    const lost = 'Messages that the brokers deleted before they were read.'
    this.#lost = metrics.counter('lastpush_kafka_lost_messages_total', lost)
    const restarts = 'Clients that died and were started again.'
    this.#restarts = metrics.counter('lastpush_kafka_restarts_total', restarts)
  }

  /** No broker answers. @returns The sentence for it. */
  unreachable(reason: string): string {
    const brokers = this.#options.brokers.join(', ')
    this.#brokers = `cannot reach the brokers ${brokers}: ${reason}`
    this.#tell()
    return this.#brokers
  }

  /** The brokers have told these partitions. */
  reached(ranges: readonly PartitionRange[]): void {
    this.#brokers = null
    this.#tell()
    const found = [...new Set(ranges.map(({ topic }) => topic))]
    for (const topic of this.#options.topics) {
      const missing = isPattern(topic) ? 'no topic has such a name yet' : 'the topic does not exist'
      this.#show(topic, found.some((name) => standsFor(topic, name)) ? null : missing)
    }
    const many = `there are more than ${topicsMax} such topics; the first of them are read`
    if (found.length >= topicsMax) this.#show(this.#options.topics.join(), many)
  }

  /** The group is another store's; null when it is not. */
  claimed(message: string | null): void {
    this.#claim = message
    this.#tell()
  }

  /** A member is in the group. */
  joined(): void {
    this.#group = null
    this.#tell()
  }

  /** A member has died. */
  died(group: string, reason: string): void {
    this.#restarts.add(1, { source: this.#source })
    this.#group = `the group ${JSON.stringify(group)} was left, joining again: ${reason}`
    this.#tell()
  }

  lost(partition: string, messages: number): void {
    this.#lost.add(messages, { source: this.#source, partition })
    this.#losses.set(partition, this.#context.clock.monotonic())
    this.#show(partition, `${messages} messages were deleted before they were read`)
  }

  /** Messages were set aside. @param kept There is another place for them. */
  passed(partition: string, { message, kind, reason }: Poison, kept: boolean): void {
    const { undecodable, offset } = message
    const from = undecodable?.from ?? Number(offset)
    const which = from === Number(offset) ? `message ${offset}` : `messages ${from} to ${offset}`
    const fate = kept ? 'a dead letter' : kind === 'undecodable' ? 'passed over' : 'a line as it is'
    this.#losses.set(partition, this.#context.clock.monotonic())
    this.#show(partition, `poison, now ${fate}: ${which}: ${reason}`)
  }

  /** Notices partitions that somebody else reads, and losses that are no news any more.
   *  @param joined A member of ours is in the group. */
  watch(
    partitions: ReadonlyMap<string, KafkaPartition>,
    joined: boolean,
    timing: KafkaTiming,
  ): void {
    const now = this.#context.clock.monotonic()
    for (const [name, partition] of partitions) {
      if (partition.owner !== null || !joined) this.#unread.delete(name)
      else if (this.#unread.get(name)?.turns !== partition.turns) {
        this.#unread.set(name, { since: now, turns: partition.turns })
      }
      const since = this.#unread.get(name)?.since ?? Infinity
      const lossAt = this.#losses.get(name) ?? -Infinity
      if (now - since > timing.foreignMs) {
        // It would hold back what the others say.
        partition.close(this.#context)
        this.#show(name, 'another member of the group reads it; a group belongs to one source')
      } else if (now - lossAt > lossShownMs) this.#show(name, null)
    }
  }

  #tell(): void {
    this.#show(this.#source, this.#brokers ?? this.#claim ?? this.#group)
  }

  #show(key: string, message: string | null): void {
    const shown = this.#shown.get(key) ?? null
    if (shown === message) return
    const facts = { source: this.#source, ...(key === this.#source ? {} : { kafka: key }) }
    if (message === null) {
      this.#shown.delete(key)
      this.#context.log.info(facts, `over: ${shown}`)
    } else {
      this.#shown.set(key, message)
      this.#context.log.warn(facts, message)
    }
    this.#context.fault(key, message)
  }
}

/** What becomes of poison messages: each is counted, told and, where there is a place for it, kept,
 *  before the partition goes on behind it. */
import type { Kafka } from 'kafkajs'
import type { Metric } from '../../flow/metrics.ts'
import type { SourceContext } from '../source.ts'
import { DeadLetters } from './dead-letters.ts'
import type { KafkaFaults } from './faults.ts'
import type { KafkaOptions } from './options.ts'
import type { KafkaPartition } from './partition.ts'
import type { Poison } from './reading.ts'

export class SetAside {
  readonly #source: string
  readonly #context: SourceContext
  readonly #faults: KafkaFaults
  readonly #letters: DeadLetters
  readonly #count: Metric

  constructor(source: string, options: KafkaOptions, context: SourceContext, faults: KafkaFaults) {
    this.#source = source
    this.#context = context
    this.#faults = faults
    this.#letters = new DeadLetters(options)
    const help = 'Messages that could not be decoded or unwrapped.'
    this.#count = context.metrics.counter('lastpush_kafka_poison_messages_total', help)
  }

  /** Poison messages are kept elsewhere. */
  get keeps(): boolean {
    return this.#letters.isOpen
  }

  /** @throws Error when they cannot be kept: the partition must not go on then. */
  async take(client: Kafka, partition: KafkaPartition, poison: readonly Poison[]): Promise<void> {
    if (poison.length === 0) return
    const { topic, id, name } = partition
    if (this.keeps) await this.#letters.write(client, { topic, partition: id, poison })
    for (const { message, kind, reason } of poison) {
      const { undecodable } = message
      const [from, to] = [undecodable?.from ?? Number(message.offset), Number(message.offset)]
      const labels = { source: this.#source, partition: name, kind }
      this.#count.add(undecodable === undefined ? 1 : to - from + 1, labels)
      const facts = { source: this.#source, partition: name, offset: from, last: to }
      this.#context.log.debug(facts, `a poison message: ${reason}`)
    }
    const first = poison.find(({ kind }) => kind === 'undecodable') ?? poison[0]
    if (first !== undefined) this.#faults.passed(name, first, this.keeps)
  }

  async close(): Promise<void> {
    await this.#letters.close()
  }
}

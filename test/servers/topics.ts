/** Topics on a real broker for one test each, and what is written to them. */
import { randomUUID } from 'node:crypto'
import kafkajs, { type Admin, type Kafka, type Message, type Producer } from 'kafkajs'
import { onTestFinished } from 'vitest'
import { until } from '../contract/source.ts'

/** A client of the tests' own, which says nothing. */
export function testClient(address: string): Kafka {
  return new kafkajs.Kafka({
    clientId: 'lastpush-tests',
    brokers: [address],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 10, initialRetryTime: 100 },
  })
}

const createPartitioner = kafkajs.Partitioners.DefaultPartitioner

/** One topic with a name of its own; it goes with the test. */
export class Topic {
  readonly name: string
  /** A group name of its own, too. */
  readonly group: string
  readonly admin: Admin
  #producer: Producer
  readonly #transactional: Producer

  readonly #client: Kafka

  private constructor(client: Kafka, name: string) {
    this.#client = client
    this.name = name
    this.group = `group-${this.name}`
    this.admin = client.admin()
    this.#producer = client.producer({ createPartitioner })
    const transactional = { transactionalId: this.name, maxInFlightRequests: 1, idempotent: true }
    this.#transactional = client.producer({ createPartitioner, ...transactional })
  }

  /** @param partitions 0: the topic is not made yet. */
  static async make(address: string, partitions = 1, name = `t-${randomUUID()}`): Promise<Topic> {
    const topic = new Topic(testClient(address), name)
    await Promise.all([topic.admin.connect(), topic.#producer.connect()])
    if (partitions > 0) await topic.create(partitions)
    onTestFinished(async () => {
      await topic.delete().catch(() => {})
      const parts = [topic.admin, topic.#producer, topic.#transactional]
      await Promise.all(parts.map((part) => part.disconnect()))
    })
    return topic
  }

  /** @param settings Settings of the topic, such as `compression.type`. */
  async create(numPartitions = 1, settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
    const topics = [{ topic: this.name, numPartitions, configEntries }]
    await this.admin.createTopics({ topics, waitForLeaders: false })
    // The client's own wait for leaders fails when the broker has not heard of the topic yet.
    await until(async () => {
      const offsets = await this.admin.fetchTopicOffsets(this.name).catch(() => [])
      return offsets.length === numPartitions
    })
  }

  /** Adds partitions up to a count. */
  async grow(count: number): Promise<void> {
    await this.admin.createPartitions({ topicPartitions: [{ topic: this.name, count }] })
    // A producer drops what is for a partition that it has not heard of.
    await this.#producer.disconnect()
    this.#producer = this.#client.producer({ createPartitioner })
    await this.#producer.connect()
  }

  async delete(): Promise<void> {
    await this.admin.deleteTopics({ topics: [this.name] })
  }

  /** Deletes the messages of partition 0 before an offset. */
  async deleteBefore(offset: number): Promise<void> {
    // The client deletes nothing of a topic whose leaders it has not asked for before.
    await this.admin.fetchTopicOffsets(this.name)
    const partitions = [{ partition: 0, offset: String(offset) }]
    await this.admin.deleteTopicRecords({ topic: this.name, partitions })
  }

  /** Writes in a transaction, and ends it. */
  async transaction(values: readonly string[], end: 'commit' | 'abort'): Promise<void> {
    const messages = values.map((value) => ({ value }))
    await this.#transactional.connect()
    const transaction = await this.#transactional.transaction()
    await transaction.send({ topic: this.name, messages })
    await transaction[end]()
  }

  /** Sends the messages in one batch, compressed with gzip. */
  async sendPacked(...messages: Message[]): Promise<void> {
    const compression = kafkajs.CompressionTypes.GZIP
    await this.#producer.send({ topic: this.name, messages, compression })
  }

  async send(...messages: (string | Message)[]): Promise<void> {
    await this.#producer.send({
      topic: this.name,
      messages: messages.map((each) => (typeof each === 'string' ? { value: each } : each)),
    })
  }
}

/** Which of the configured topics there are, and where their partitions begin and end. Asks the
 *  brokers again whenever it is asked; keeps nothing but the connection. */
import type { Admin, Kafka } from 'kafkajs'

/** A partition as the broker has it. */
export interface PartitionRange {
  readonly topic: string
  readonly id: number
  /** Offset of the oldest message that is kept. */
  readonly low: number
  /** Offset that the next message will get. */
  readonly high: number
}

export class KafkaTopics {
  readonly #client: Kafka
  #connecting: Promise<Admin> | null = null

  constructor(client: Kafka) {
    this.#client = client
  }

  /**
   * The partitions of those of the topics that exist, in order. Topics are listed before they are
   * asked for, as a broker may be set up to make a topic that somebody asks for.
   * @throws what kafkajs throws, after a few tries of its own.
   */
  async look(topics: readonly string[]): Promise<PartitionRange[]> {
    try {
      const admin = await this.#connected()
      const existing = new Set(await admin.listTopics())
      const ranges: PartitionRange[] = []
      for (const topic of topics) {
        if (!existing.has(topic)) continue
        for (const { partition, low, high } of await admin.fetchTopicOffsets(topic)) {
          ranges.push({ topic, id: partition, low: Number(low), high: Number(high) })
        }
      }
      return ranges.sort((a, b) => (a.topic === b.topic ? a.id - b.id : a.topic < b.topic ? -1 : 1))
    } catch (error) {
      await this.close()
      throw error
    }
  }

  /** Deletes a group that nobody will use again. */
  async forget(group: string): Promise<void> {
    await (await this.#connected()).deleteGroups([group])
  }

  async close(): Promise<void> {
    const connecting = this.#connecting
    this.#connecting = null
    // The connection may be what has broken.
    await connecting?.then((admin) => admin.disconnect()).catch(() => {})
  }

  #connected(): Promise<Admin> {
    this.#connecting ??= connect(this.#client.admin())
    return this.#connecting
  }
}

async function connect(admin: Admin): Promise<Admin> {
  await admin.connect()
  return admin
}

/** Which of the configured topics there are, and where their partitions begin and end. Every look is
 *  made by a client of its own: one that stays would answer from what it knew of partitions earlier. */
import type { Admin, Kafka } from 'kafkajs'
import { standsFor } from './topic-names.ts'

/** Topics that one source reads; patterns may stand for more. */
export const topicsMax = 500

/** A partition as the broker has it. */
export interface PartitionRange {
  readonly topic: string
  readonly id: number
  /** Offset of the oldest message that is kept. */
  readonly low: number
  /** Offset that the next message will get. */
  readonly high: number
}

/**
 * The partitions of the topics that exist and that names or patterns stand for, in order. Topics are
 * listed before they are asked for, as a broker may be set up to make a topic that somebody asks for.
 * @throws what kafkajs throws, after a few tries of its own.
 */
export function lookAt(client: Kafka, topics: readonly string[]): Promise<PartitionRange[]> {
  return withAdmin(client, async (admin) => {
    const existing = (await admin.listTopics()).sort()
    const wanted = existing.filter((name) => topics.some((topic) => standsFor(topic, name)))
    const ranges: PartitionRange[] = []
    for (const topic of wanted.slice(0, topicsMax)) {
      for (const { partition, low, high } of await offsetsOf(admin, topic)) {
        ranges.push({ topic, id: partition, low: Number(low), high: Number(high) })
      }
    }
    return ranges.sort((a, b) => (a.topic === b.topic ? a.id - b.id : a.topic < b.topic ? -1 : 1))
  })
}

/** Deletes a group that nobody will use again. */
export async function forgetGroup(client: Kafka, group: string): Promise<void> {
  await withAdmin(client, (admin) => admin.deleteGroups([group]))
}

/** Does something with an admin client of its own. @throws what kafkajs throws. */
export async function withAdmin<T>(client: Kafka, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = client.admin()
  try {
    await admin.connect()
    return await use(admin)
  } finally {
    // The connection may be what has broken.
    admin.disconnect().catch(() => {})
  }
}

type Offsets = Awaited<ReturnType<Admin['fetchTopicOffsets']>>

/** None for a topic that is being made or deleted at this moment. */
async function offsetsOf(admin: Admin, topic: string): Promise<Offsets> {
  try {
    return await admin.fetchTopicOffsets(topic)
  } catch (error) {
    const { type } = error as { readonly type?: string }
    if (type === 'UNKNOWN_TOPIC_OR_PARTITION') return []
    throw error
  }
}

/** What tests of the Kafka source share: a source over a topic, at a quicker pace, and its metrics. */
import type { TestContext } from 'vitest'
import { kafkaTiming } from '../../src/sources/kafka/consumer.ts'
import { kafkaOptions } from '../../src/sources/kafka/options.ts'
import { kafkaSource } from '../../src/sources/kafka.ts'
import type { Source } from '../../src/sources/source.ts'
import type { SourceRecorder } from '../contract/source.ts'
import { addressOf } from './tests.ts'
import { Topic } from './topics.ts'

const timing = { ...kafkaTiming, lookMs: 300, foreignMs: 1_000 }
/** No checkpoints. */
export const nothing = new Map<string, never>()

/** A source over a topic with the given options. */
export function sourceOf(address: string, topic: Topic, options: object = {}): Source {
  const given = { brokers: [address], topics: [topic.name], group: topic.group, from: 'beginning' }
  return kafkaSource('queue', kafkaOptions.parse({ ...given, ...options }), timing)
}

/** The shared broker's address, and a new topic there. */
export async function topicFor(ctx: TestContext, partitions = 1): Promise<[string, Topic]> {
  const address = addressOf(ctx, 'kafka')
  return [address, await Topic.make(address, partitions)]
}

/** Value of a metric, over all partitions. */
export function metric(recorder: SourceRecorder, name: string): number {
  const values = recorder.metrics.text().matchAll(new RegExp(`^${name}(?:{.*})? (\\d+)$`, 'gm'))
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0)
}

/** `line 0` and so on. */
export const numbered = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => `line ${from + i}`)

/** Options of the kind `kafka`. Whether brokers and topics exist is found out by kafka.ts, which
 *  waits for them. */
import { z } from 'zod'

const listMax = 100
const consumersMax = 16

const name = z.string({ error: 'expected a text' }).min(1, 'is empty').max(249)

const broker = z
  .string({ error: 'expected a broker such as "127.0.0.1:9092"' })
  .regex(/^(\[[0-9A-Fa-f:.]+\]|[^\s:/[\]]+):\d{1,5}$/, {
    error: ({ input }) =>
      `expected host:port such as "127.0.0.1:9092", got ${JSON.stringify(input)}`,
  })

const topic = z
  .string({ error: 'expected the name of a topic' })
  .regex(/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$/, {
    error: ({ input }) => `${JSON.stringify(input)} is no name of a Kafka topic`,
  })

/** A text stands for a list of one. */
const listOf = <T extends z.ZodType>(item: T, what: string) =>
  z.preprocess(
    (given) => (typeof given === 'string' ? [given] : given),
    z
      .array(item, { error: `expected a list of ${what}` })
      .min(1, `names no ${what}`)
      .max(listMax, `names more than ${listMax} ${what}`),
  )

/** `brokers`: where to ask first. `group`: consumer group, of this source alone; `lastpush-` and its
 *  name when absent. `consumers`: members that share the partitions. `from`: where a partition that is there at the first start begins. */
export const kafkaOptions = z.strictObject({
  brokers: listOf(broker, 'brokers'),
  topics: listOf(topic, 'topics').transform((topics) => [...new Set(topics)]),
  group: name.optional(),
  client_id: name.default('lastpush'),
  consumers: z
    .int({ error: `expected a number from 1 to ${consumersMax}` })
    .min(1, 'needs at least one consumer')
    .max(consumersMax, `more than ${consumersMax} consumers`)
    .default(1),
  from: z.enum(['end', 'beginning'], { error: 'expected end or beginning' }).default('end'),
})

export type KafkaOptions = z.infer<typeof kafkaOptions>

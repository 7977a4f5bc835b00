/** Options of the kind `kafka`. Whether brokers and topics exist is found out by kafka.ts, which
 *  waits for them. */
import { z } from 'zod'
import { meant } from '../../yaml/sentences.ts'
import { envelopes } from './envelope.ts'
import { topicForm } from './topic-names.ts'

const listMax = 100
const consumersMax = 16
const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const

const text = z.string({ error: 'expected a text' }).min(1, 'is empty')
const name = text.max(249)

const broker = z
  .string({ error: 'expected a broker such as "127.0.0.1:9092"' })
  .regex(/^(\[[0-9A-Fa-f:.]+\]|[^\s:/[\]]+):\d{1,5}$/, {
    error: ({ input }) =>
      `expected host:port such as "127.0.0.1:9092", got ${JSON.stringify(input)}`,
  })

const topic = z
  .string({ error: 'expected the name of a topic, or a pattern such as "web-*"' })
  .regex(topicForm, {
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

/** One of a few words, with a guess at which was meant. */
const word = <const T extends readonly string[]>(words: T) =>
  z.enum(words, {
    error: ({ input }) =>
      `expected ${words.join(', ').replace(/, ([^,]*)$/, ' or $1')}` + meant(input, words),
  })

/** Unknown keys, with a guess at which was meant. */
const unknownKeys =
  (known: () => readonly string[], expected = 'expected a map of keys') =>
  (issue: { readonly code?: string; readonly keys?: readonly string[] }): string => {
    if (issue.code !== 'unrecognized_keys') return expected
    const [key = ''] = issue.keys ?? []
    return `${key} is not known here${meant(key, known())}`
  }

const tls = z.preprocess(
  (given) => (given === true ? {} : given === false ? undefined : given),
  z
    .strictObject(
      {
        ca_file: text.optional(),
        cert_file: text.optional(),
        key_file: text.optional(),
        server_name: text.optional(),
      },
      {
        error: unknownKeys(
          () => ['ca_file', 'cert_file', 'key_file', 'server_name'],
          'expected true, or a map of keys',
        ),
      },
    )
    .refine((given) => (given.cert_file === undefined) === (given.key_file === undefined), {
      error: 'cert_file and key_file belong together',
    })
    .optional(),
)

const sasl = z
  .strictObject(
    {
      mechanism: word(mechanisms),
      username: text,
      password_file: text.optional(),
      password_env: text.optional(),
    },
    { error: unknownKeys(() => ['mechanism', 'username', 'password_file', 'password_env']) },
  )
  .refine((given) => (given.password_file === undefined) !== (given.password_env === undefined), {
    error: 'needs one of password_file and password_env',
  })

const keys = {
  brokers: listOf(broker, 'brokers'),
  topics: listOf(topic, 'topics').transform((topics) => [...new Set(topics)]),
  group: name.optional(),
  take_over: z
    .string({ error: 'expected the id of a store in quotes' })
    .regex(/^[0-9a-f]{16}$/, 'expected the id of a store, 16 hex digits, as the fault names it')
    .optional(),
  client_id: name.default('lastpush'),
  consumers: z
    .int({ error: `expected a number from 1 to ${consumersMax}` })
    .min(1, 'needs at least one consumer')
    .max(consumersMax, `more than ${consumersMax} consumers`)
    .default(1),
  from: z.enum(['end', 'beginning'], { error: 'expected end or beginning' }).default('end'),
  envelope: word(envelopes).default('none'),
  dead_letter_topic: z
    .string({ error: 'expected the name of a topic' })
    .regex(/^[A-Za-z0-9._-]{1,249}$/, 'is no name of a Kafka topic')
    .optional(),
  dead_letter_file: text.optional(),
  tls: tls.optional(),
  sasl: sasl.optional(),
}

/** `brokers`: where to ask first. `topics`: names and patterns. `group`: consumer group, of this source
 *  alone; `lastpush-` and its name when absent. `consumers`: members that share the partitions.
 *  `from`: where a partition that is there at the first start begins. Files are absolute paths. */
export const kafkaOptions = z.strictObject(keys, {
  error: unknownKeys(() => Object.keys(keys)),
})

export type KafkaOptions = z.infer<typeof kafkaOptions>

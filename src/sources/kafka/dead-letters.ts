/** Where poison messages go: a topic or a file. They are there before the position behind them can be
 *  committed, so a crash between the two writes one twice and loses none. */
import { open } from 'node:fs/promises'
import type { IHeaders, Kafka, Producer } from 'kafkajs'
import type { KafkaOptions } from './options.ts'
import type { Poison } from './reading.ts'

/** Messages of one partition. */
export interface Letters {
  readonly topic: string
  readonly partition: number
  readonly poison: readonly Poison[]
}

export class DeadLetters {
  readonly #options: KafkaOptions
  #producer: Promise<Producer> | null = null

  constructor(options: KafkaOptions) {
    this.#options = options
  }

  /** There is a place for them. */
  get isOpen(): boolean {
    const { dead_letter_file, dead_letter_topic } = this.#options
    return dead_letter_file !== undefined || dead_letter_topic !== undefined
  }

  /** Resolves when they are kept. @throws Error when they cannot be. */
  async write(client: Kafka, letters: Letters): Promise<void> {
    const { dead_letter_file: file, dead_letter_topic: topic } = this.#options
    try {
      if (file !== undefined) await append(file, letters)
      if (topic !== undefined) await this.#send(client, topic, letters)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      throw new Error(`the dead letters cannot be written: ${message}`, { cause: error })
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer
    this.#producer = null
    // The connection may be what has broken.
    await producer?.then((each) => each.disconnect()).catch(() => {})
  }

  async #send(client: Kafka, topic: string, letters: Letters): Promise<void> {
    this.#producer ??= connected(client)
    try {
      const producer = await this.#producer
      const messages = letters.poison.map((each) => ({
        key: each.message.key,
        value: each.message.value,
        headers: headersOf(letters, each),
      }))
      await producer.send({ topic, acks: -1, messages })
    } catch (error) {
      await this.close()
      throw error
    }
  }
}

async function connected(client: Kafka): Promise<Producer> {
  const { Partitioners } = (await import('kafkajs')).default
  const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  return producer
}

/** Its own, and where it came from and why. */
function headersOf({ topic, partition }: Letters, { message, reason }: Poison): IHeaders {
  const { undecodable, offset } = message
  return {
    ...(message.headers as IHeaders | undefined),
    'lastpush.topic': topic,
    'lastpush.partition': String(partition),
    'lastpush.offset': String(undecodable?.from ?? offset),
    'lastpush.last_offset': offset,
    'lastpush.reason': reason,
  }
}

async function append(file: string, { topic, partition, poison }: Letters): Promise<void> {
  const lines = poison.map(({ message, reason }) => {
    const { offset, timestamp, key, value, undecodable } = message
    const [from, to] = [undecodable?.from ?? Number(offset), Number(offset)]
    const base64 = (part: Buffer | null) => part?.toString('base64') ?? null
    const headers = Object.entries(message.headers ?? {}).map(([name, given]) => [name, String(given)]) // prettier-ignore
    const facts = { topic, partition, offset: from, last_offset: to, reason, timestamp: Number(timestamp) } // prettier-ignore
    return `${JSON.stringify({ ...facts, key: base64(key), value: base64(value), headers })}\n`
  })
  const handle = await open(file, 'a', 0o600)
  try {
    await handle.writeFile(lines.join(''))
    await handle.datasync()
  } finally {
    await handle.close()
  }
}

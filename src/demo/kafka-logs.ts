/** The shop's logs as topics of Kafka, made for this demo and deleted with it. */
import { randomBytes } from 'node:crypto'
import type { Admin, Message, Producer } from 'kafkajs'
import { LastpushError } from '../model/errors.ts'
import { visible } from '../model/escape.ts'
import { reasonOf } from '../sources/kafka/words.ts'
import type { LogName, ShopLogs } from './logs.ts'

/** Messages of one request: brokers take 1 MB of a partition at once. */
const sendMessagesMax = 2_000
/** Access lines may come in any order; a trace of PHP belongs behind its error. */
const partitionsOf: Readonly<Record<LogName, number>> = { access: 4, php: 1 }

export class KafkaLogs implements ShopLogs {
  readonly place: string
  readonly sources: string
  readonly #address: string
  readonly #admin: Admin
  readonly #producer: Producer
  readonly #topics: Readonly<Record<LogName, string>>

  private constructor(address: string, admin: Admin, producer: Producer) {
    const run = `lastpush-demo-${randomBytes(3).toString('hex')}`
    this.#address = address
    this.#admin = admin
    this.#producer = producer
    this.#topics = { access: `${run}-access`, php: `${run}-php` }
    const { access, php } = this.#topics
    this.place = `in the topics ${access} and ${php} of Kafka at ${address}`
    const source = (name: LogName) =>
      `  - { name: ${name}, kafka: { brokers: ['${address}'], topics: [${this.#topics[name]}], group: ${this.#topics[name]}, from: beginning }, service: web }\n`
    this.sources = `${source('access')}${source('php')}`
  }

  /** Makes the topics. @param address `host:port` of a broker.
   *  @throws LastpushError STORY_FAILED when no broker answers there. */
  static async open(address: string): Promise<KafkaLogs> {
    const { default: kafkajs } = await import('kafkajs')
    const client = new kafkajs.Kafka({
      clientId: 'lastpush-demo',
      brokers: [address],
      logLevel: kafkajs.logLevel.NOTHING,
      connectionTimeout: 3_000,
      retry: { retries: 3, initialRetryTime: 200 },
    })
    const admin = client.admin()
    const createPartitioner = kafkajs.Partitioners.DefaultPartitioner
    const logs = new KafkaLogs(address, admin, client.producer({ createPartitioner }))
    try {
      await logs.#make()
    } catch (cause) {
      await logs.close()
      const hint = 'run `npm run servers` first, or name a broker: --kafka HOST:PORT'
      const message = `no Kafka to write to at ${visible(address)}: ${reasonOf(cause)}; ${hint}`
      throw new LastpushError('STORY_FAILED', message, { cause })
    }
    return logs
  }

  async write(name: LogName, lines: readonly string[]): Promise<void> {
    const messages = name === 'php' ? eventsOf(lines) : lines.map((value) => ({ value }))
    try {
      for (let at = 0; at < messages.length; at += sendMessagesMax) {
        const some = messages.slice(at, at + sendMessagesMax)
        await this.#producer.send({ topic: this.#topics[name], messages: some })
      }
    } catch (cause) {
      const message = `the demo cannot write to Kafka at ${this.#address}: ${reasonOf(cause)}`
      throw new LastpushError('STORY_FAILED', message, { cause })
    }
  }

  async close(): Promise<void> {
    const topics = Object.values(this.#topics)
    // Where no broker answers there is nothing to delete.
    await this.#admin.deleteTopics({ topics }).catch(() => {})
    await Promise.allSettled([this.#producer.disconnect(), this.#admin.disconnect()])
  }

  async #make(): Promise<void> {
    await this.#admin.connect()
    const topics = (['access', 'php'] as const).map((name) => ({
      topic: this.#topics[name],
      numPartitions: partitionsOf[name],
    }))
    await this.#admin.createTopics({ topics, waitForLeaders: true })
    await this.#producer.connect()
  }
}

/** A message for each error, with its trace. */
function eventsOf(lines: readonly string[]): Message[] {
  const events: string[][] = []
  for (const line of lines) {
    const last = events.at(-1)
    if (last === undefined || line.startsWith('[')) events.push([line])
    else last.push(line)
  }
  return events.map((event) => ({ value: event.join('\n') }))
}

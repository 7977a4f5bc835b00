/** Takes the decoding of fetched messages from the client, which loses a whole fetch to one bad batch
 *  and knows no bound of memory. The client looks its protocol up by version at each request, so the
 *  newest version is given another decoder; with brokers before 2.3, which speak older ones, the
 *  client decodes by itself. The client is pinned to the version that this was made for.
 *  Format: kafka.apache.org/protocol, Fetch response 11. */
import { createRequire } from 'node:module'
import { decodeBatches, type DecodedMessage } from './record-batch.ts'

/** Version of the request whose answer is read here. */
const fetchVersion = 11
/** Unpacked bytes of one answer after which what is left of it is asked for again later. */
const answerBytesMax = 67_108_864
/** The same of one partition, so that each gets its turn. */
const partitionBytesMax = 8_388_608
/** Where in the first batch of a partition the version of its format stands, and the one known here. */
const formatAt = 16
const formatKnown = 2

interface AskedPartition {
  readonly partition: number
  readonly fetchOffset: number | string
}
interface Asked {
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly AskedPartition[]
  }[]
}

interface Exchange {
  readonly request: unknown
  readonly response: { decode(bytes: Buffer): Promise<unknown>; parse(decoded: unknown): unknown }
}
interface Protocol {
  protocol: (wanted: { readonly version: number }) => (asked: Asked) => Exchange
}

const installed = Symbol.for('lastpush.kafka.fetch')

/** Makes the client of this process decode by this file. May be called again. */
export function decodeFetchesHere(): void {
  const require = createRequire(import.meta.url)
  const fetch = require('kafkajs/src/protocol/requests/fetch') as Protocol & { [installed]?: true }
  if (fetch[installed] === true) return
  fetch[installed] = true
  const original = fetch.protocol
  fetch.protocol = (wanted) => {
    const exchange = original(wanted)
    if (wanted.version !== fetchVersion) return exchange
    return (asked) => {
      const made = exchange(asked)
      const decode = async (bytes: Buffer) =>
        (await decodeFetch(bytes, asked)) ?? made.response.decode(bytes)
      return { ...made, response: { ...made.response, decode } }
    }
  }
}

/** One partition of an answer. */
interface Answered {
  readonly partition: number
  readonly errorCode: number
  readonly highWatermark: string
  readonly lastStableOffset: string
  readonly lastStartOffset: string
  readonly abortedTransactions: readonly object[]
  readonly preferredReadReplica: number
  messages: readonly DecodedMessage[]
}

/** The turn of the first partition to be decoded moves on, as the budget may end before the last. */
let turn = 0

/** @returns null when the answer holds messages of an older format, which the client has to read. */
export async function decodeFetch(bytes: Buffer, asked: Asked): Promise<object | null> {
  const reader = new AnswerReader(bytes)
  const clientSideThrottleTime = reader.int32()
  const errorCode = reader.int16()
  const sessionId = reader.int32()
  const work: { readonly answered: Answered; readonly records: Buffer; readonly from: number }[] =
    []
  const responses = reader.list(() => {
    const topicName = reader.text()
    const wanted = asked.topics.find(({ topic }) => topic === topicName)?.partitions ?? []
    const partitions = reader.list(() => {
      const { answered, records } = reader.partition()
      const place = wanted.find(({ partition }) => partition === answered.partition)
      work.push({ answered, records, from: Number(place?.fetchOffset ?? 0) })
      return answered
    })
    return { topicName, partitions }
  })
  if (work.some(({ records }) => (records[formatAt] ?? formatKnown) !== formatKnown)) return null
  turn += 1
  let left = answerBytesMax
  for (let i = 0; i < work.length && left > 0; i++) {
    const next = work[(turn + i) % work.length]
    if (next === undefined) continue
    const { answered, records, from } = next
    const decoded = await decodeBatches(records, from, Math.min(left, partitionBytesMax))
    answered.messages = decoded.messages
    left -= decoded.unpackedBytes
  }
  return { throttleTime: 0, clientSideThrottleTime, errorCode, sessionId, responses }
}

class AnswerReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  int16(): number {
    this.#at += 2
    return this.#bytes.readInt16BE(this.#at - 2)
  }

  int32(): number {
    this.#at += 4
    return this.#bytes.readInt32BE(this.#at - 4)
  }

  /** As the client writes numbers of 64 bits. */
  int64(): string {
    this.#at += 8
    return String(this.#bytes.readBigInt64BE(this.#at - 8))
  }

  text(): string {
    return this.#take(this.int16()).toString()
  }

  list<T>(item: () => T): T[] {
    const items: T[] = []
    for (let left = this.int32(); left > 0; left--) items.push(item())
    return items
  }

  partition(): { readonly answered: Answered; readonly records: Buffer } {
    const answered = {
      partition: this.int32(),
      errorCode: this.int16(),
      highWatermark: this.int64(),
      lastStableOffset: this.int64(),
      lastStartOffset: this.int64(),
      abortedTransactions: this.list(() => ({
        producerId: this.int64(),
        firstOffset: this.int64(),
      })),
      preferredReadReplica: this.int32(),
      messages: [],
    }
    return { answered, records: this.#take(this.int32()) }
  }

  #take(length: number): Buffer {
    const from = this.#at
    this.#at += Math.max(0, length)
    return this.#bytes.subarray(from, this.#at)
  }
}

/** One partition of a topic: how far it is read, and what a fetched batch means for that. Talking to
 *  the broker is left to consumer.ts and kafka.ts.
 *  Offsets live here and in our commits; what the group has committed on the broker is never asked.
 *  A topic that was deleted and made again begins at offset 0 with other messages under the same
 *  name, and the client tells nothing of topic ids. So the last message that was read is hashed into
 *  the checkpoint, and whoever is assigned the partition reads that message again first: another
 *  message there, or an end before it, means another log. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Batch } from '../../model/event.ts'
import type { SourceContext } from '../source.ts'
import type { Session } from './consumer.ts'
import { packMessages, positionsPerMessage } from './lines.ts'
import type { Message, ReadMessage } from './message.ts'

const offsetSchema = z.number().int().nonnegative()
const positionSchema = z.object({
  /** Offset of the next message. */
  offset: offsetSchema,
  /** Position of offset 0 of this log: behind all of the logs that had this name before. */
  base: offsetSchema,
  /** The last message that was read. */
  mark: z.object({ offset: offsetSchema, hash: z.string() }).nullable(),
})

/** Position in a partition, JSON-safe; the checkpoint of its batches. */
export type KafkaPosition = z.infer<typeof positionSchema>

/** A stored checkpoint; null when another version or kind has written it. */
export function readKafkaPosition(checkpoint: unknown): KafkaPosition | null {
  return positionSchema.safeParse(checkpoint).data ?? null
}

/** The position before the first message from an offset on. */
export function positionAt(offset: number, base = 0): KafkaPosition {
  return { offset, base, mark: null }
}

/** What a fetch gave. */
export interface Fetched {
  /** Offset that was asked for. */
  readonly from: number
  /** Offset behind all that was fetched, control records and messages of aborted transactions
   *  included. */
  readonly end: number
  readonly messages: readonly Message[]
}

/** What a fetch means.
 *  - `fresh`: go on with these messages.
 *  - `ahead`: what lay between was not handed over; whether it was lost, the broker has to say.
 *  - `behind`: the fetch began before what is known to be read.
 *  - `other log`: the message read last is not there any more, another one has its offset. */
export type Verdict =
  | { readonly kind: 'fresh'; readonly messages: readonly Message[] }
  | { readonly kind: 'ahead' | 'behind' | 'other log' }

export class KafkaPartition {
  readonly topic: string
  readonly id: number
  /** `topic/3`: its name in the pipeline. */
  readonly name: string
  /** Who may emit; nobody between two assignments. */
  owner: Session | null = null
  /** How often somebody was given it. */
  turns = 0
  /** The batch that the pipeline has not taken yet. */
  inFlight: Promise<unknown> | null = null
  #open = false
  #position: KafkaPosition
  /** The message read last has yet to be compared. */
  #comparing = false

  constructor(topic: string, id: number, position: KafkaPosition) {
    this.topic = topic
    this.id = id
    this.name = partitionName(topic, id)
    this.#position = position
  }

  get position(): KafkaPosition {
    return this.#position
  }

  get isOpen(): boolean {
    return this.#open
  }

  /** Tells the pipeline that lines may come. */
  open(context: SourceContext): void {
    if (this.#open) return
    this.#open = true
    context.opened(this.name)
  }

  /** Tells the pipeline that no lines will come of us. */
  close(context: SourceContext): void {
    if (!this.#open) return
    this.#open = false
    context.closed(this.name)
  }

  /** Offset to seek to at an assignment: that of the last message, where there is one. */
  begin(): number {
    const { mark, offset } = this.#position
    this.#comparing = mark !== null
    return mark?.offset ?? offset
  }

  /** True from an assignment on until something was fetched. */
  get isComparing(): boolean {
    return this.#comparing
  }

  /** Decides what a fetch is good for. */
  judge({ from, messages }: Fetched): Verdict {
    const { offset, mark } = this.#position
    if (from > offset) return { kind: 'ahead' }
    if (from < (mark?.offset ?? offset)) return { kind: 'behind' }
    const [first] = messages
    if (this.#comparing && mark !== null && Number(first?.offset) === mark.offset) {
      if (first !== undefined && hashMessage(first) !== mark.hash) return { kind: 'other log' }
    }
    // A message that compaction has removed cannot be compared: the log is taken for the same.
    this.#comparing = false
    return { kind: 'fresh', messages: messages.filter((each) => Number(each.offset) >= offset) }
  }

  /** Goes on behind messages that will not be handed over. */
  skipTo(offset: number): void {
    if (offset > this.#position.offset) this.#position = { ...this.#position, offset }
  }

  /** Another log has the name: positions go on behind those of the one before. */
  restart(offset: number): void {
    const { base, offset: last } = this.#position
    this.#position = positionAt(offset, base + last * positionsPerMessage)
    this.#comparing = false
  }

  /** A batch without lines that only commits the position. */
  emptyBatch(source: string, nowMs: number): Batch {
    const { base, offset } = this.#position
    return {
      source,
      partition: this.name,
      bytes: Buffer.alloc(0),
      start: base + offset * positionsPerMessage,
      checkpoint: this.#position,
      arrivalMs: nowMs,
      final: false,
      skippedBytes: 0,
    }
  }

  /**
   * The batch of the first of these messages, after which the position stands behind them.
   * @param end Offset behind the last message, when all of them fit.
   */
  batch(source: string, messages: readonly ReadMessage[], end: number, nowMs: number): TakenBatch {
    const { base } = this.#position
    const packed = packMessages(messages, base, nowMs)
    const all = packed.messages.length === messages.length
    const last = packed.messages.at(-1)
    if (last === undefined) throw new Error('a batch needs a message')
    const lastOffset = Number(last.offset)
    this.#position = {
      offset: all ? Math.max(end, lastOffset + 1) : lastOffset + 1,
      base,
      // A later version may be able to read what this one cannot: it would be another message then.
      mark: last.undecodable === undefined ? { offset: lastOffset, hash: hashMessage(last) } : null,
    }
    const { bytes, lines, skippedBytes, tombstones } = packed
    const empty = this.emptyBatch(source, nowMs)
    const batch =
      bytes.length === 0
        ? empty
        : { ...empty, bytes, lines, start: lines.positions[0] ?? 0, skippedBytes }
    return {
      batch,
      tombstones,
      lastOffset: last.offset,
      rest: messages.slice(packed.messages.length),
    }
  }
}

/** A batch and what it left. */
export interface TakenBatch {
  readonly batch: Batch
  readonly tombstones: number
  /** Offset of its last message, as the client writes it. */
  readonly lastOffset: string
  /** Messages that did not fit. */
  readonly rest: readonly ReadMessage[]
}

export function partitionName(topic: string, id: number): string {
  return `${topic}/${id}`
}

/** Hash by which a message is known again, 16 hex digits of SHA-256. */
function hashMessage({ timestamp, key, value }: Message): string {
  const hash = createHash('sha256').update(timestamp)
  for (const part of [key, value]) {
    hash.update(part === null ? '-' : `${part.length}:`)
    if (part !== null) hash.update(part)
  }
  return hash.digest('hex').slice(0, 16)
}

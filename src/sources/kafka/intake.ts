/** The partitions of one source: who may emit of which, and the way of fetched messages into the
 *  pipeline. Topics, members and faults of the source as a whole are kafka.ts's.
 *  What was handed to the pipeline counts, also when the group takes the partition away in the same
 *  moment: the next member of ours goes on behind it, and waits until the pipeline has taken it. */
import type { EachBatchPayload } from 'kafkajs'
import type { Metric } from '../../flow/metrics.ts'
import type { Batch } from '../../model/event.ts'
import { withHeartbeat, type KafkaTiming, type Session } from './consumer.ts'
import type { Envelope } from './envelope.ts'
import type { Message } from './message.ts'
import { partitionName, type Fetched, type KafkaPartition } from './partition.ts'
import { readMessages, type Poison } from './reading.ts'
import type { PartitionRange } from './topics.ts'
import type { SourceContext } from '../source.ts'
import { Stop } from '../stop.ts'

/** Pause before a partition that is not known yet is asked for again, ms. */
const unknownMs = 100

export interface IntakeParts {
  readonly source: string
  readonly context: SourceContext
  readonly timing: KafkaTiming
  /** Where a partition begins and ends now; null when it is gone. @throws when nobody answers. */
  range(partition: KafkaPartition): Promise<PartitionRange | null>
  /** A partition was assigned that has no place here yet. */
  missing(): void
  readonly envelope: Envelope
  /** Poison messages are kept elsewhere. */
  readonly keepsPoison: boolean
  /** Sets messages aside. @throws Error when that fails: the partition cannot go on then. */
  setAside(partition: KafkaPartition, poison: readonly Poison[]): Promise<void>
  /** Messages were deleted before they were read. */
  lost(partition: KafkaPartition, messages: number): void
  /** More of a partition is read. */
  advanced(partition: KafkaPartition): void
  /** The pipeline has refused a batch. */
  failed(error: unknown): void
}

export class KafkaIntake {
  readonly partitions = new Map<string, KafkaPartition>()
  readonly #parts: IntakeParts
  readonly #stop: Stop
  readonly #tombstones: Metric
  /** Partitions assigned before they were known here. */
  readonly #waiting = new Map<string, Session>()

  constructor(parts: IntakeParts) {
    this.#parts = parts
    this.#stop = new Stop(parts.context.signal)
    const help = 'Messages without a value: they delete a key and carry no line.'
    this.#tombstones = parts.context.metrics.counter('lastpush_kafka_tombstones_total', help)
  }

  /** Closes what no topic is there for any more. */
  closeAllBut(topics: ReadonlySet<string>): void {
    for (const partition of this.partitions.values()) {
      if (!topics.has(partition.topic)) partition.close(this.#parts.context)
    }
  }

  /** Adds a partition, which nobody can read until a member has it. */
  add(partition: KafkaPartition): void {
    const { name } = partition
    const { context } = this.#parts
    this.partitions.set(name, partition)
    partition.open(context)
    context.readable(name, false)
    const session = this.#waiting.get(name)
    if (session !== undefined) this.#give(partition, session)
  }

  /** Offset up to which each partition is read. */
  readOffsets(): ReadonlyMap<string, number> {
    return new Map([...this.partitions].map(([name, { position }]) => [name, position.offset]))
  }

  /** Commits where a partition begins, so that what is written from now on is read in any case. */
  commitPlace(partition: KafkaPartition): void {
    const { source, context } = this.#parts
    // Settles with the stop at the latest, and is waited for before anything else is emitted.
    void this.#emit(partition, partition.emptyBatch(source, context.clock.now()))
  }

  assigned(session: Session, assignment: Readonly<Record<string, readonly number[]>>): void {
    const names = new Set<string>()
    for (const [topic, ids] of Object.entries(assignment)) {
      for (const id of ids) names.add(partitionName(topic, id))
    }
    this.#release(session, names)
    for (const name of names) {
      const partition = this.partitions.get(name)
      if (partition !== undefined) this.#give(partition, session)
      else this.#waiting.set(name, session)
    }
    if (this.#waiting.size > 0) this.#parts.missing()
  }

  /** Takes everything from a session that is over. */
  ended(session: Session): void {
    this.#release(session, new Set())
  }

  /** Nothing up to `end` is handed over by the client. */
  passed(session: Session, name: string, end: number): void {
    const partition = this.partitions.get(name)
    if (partition?.owner !== session) return
    partition.skipTo(end)
    this.#parts.advanced(partition)
  }

  /** Notices a log that was made again and ends before what was read. If it ends exactly at the
   *  message read last, no fetch would tell that before another message is written.
   *  @param read Offsets up to which the partitions were read before the ranges were asked for. */
  compareEnds(ranges: readonly PartitionRange[], read: ReadonlyMap<string, number>): void {
    for (const { topic, id, low, high } of ranges) {
      const name = partitionName(topic, id)
      const partition = this.partitions.get(name)
      if (!partition?.isComparing || high >= (read.get(name) ?? 0)) continue
      this.#restart(partition, low)
    }
  }

  /** Emits the new messages of a fetch, one batch after the other. */
  async take(session: Session, payload: EachBatchPayload): Promise<void> {
    const partition = await this.#ready(session, payload)
    if (partition === null) return
    const fetched = fetchedOf(payload)
    const messages = await this.#fresh(session, partition, fetched)
    if (messages === null) return
    if (messages.length === 0) {
      partition.skipTo(fetched.end)
      const last = fetched.messages.at(-1)
      if (last !== undefined) payload.resolveOffset(last.offset)
      this.#parts.advanced(partition)
    }
    const { envelope, keepsPoison } = this.#parts
    const read = readMessages(messages, envelope, keepsPoison)
    if (read.poison.length > 0) {
      await this.#wait(this.#parts.setAside(partition, read.poison), session, payload)
    }
    const { clock } = this.#parts.context
    for (let rest = read.messages; rest.length > 0 && this.#mayEmit(session, partition, payload);) {
      const taken = partition.batch(this.#parts.source, rest, fetched.end, clock.now())
      rest = taken.rest
      if (taken.tombstones > 0) this.#tombstones.add(taken.tombstones, this.#labels(partition))
      const emitted = this.#emit(partition, taken.batch)
      payload.resolveOffset(taken.lastOffset)
      await this.#wait(emitted, session, payload)
      this.#parts.advanced(partition)
      await payload.heartbeat()
    }
  }

  /** The partition of a payload, once it may be emitted of; null when it may not. */
  async #ready(session: Session, payload: EachBatchPayload): Promise<KafkaPartition | null> {
    const { topic, partition: id } = payload.batch
    const partition = this.partitions.get(partitionName(topic, id))
    if (partition === undefined) {
      const { clock, signal } = this.#parts.context
      await this.#wait(clock.sleep(unknownMs, signal), session, payload)
      return null
    }
    if (partition.inFlight !== null) await this.#wait(partition.inFlight, session, payload)
    return this.#mayEmit(session, partition, payload) ? partition : null
  }

  #mayEmit(session: Session, partition: KafkaPartition, payload: EachBatchPayload): boolean {
    if (this.#stop.stopped || partition.owner !== session) return false
    return payload.isRunning() && !payload.isStale()
  }

  /** Those of the fetched messages that are new; null when the partition was sent elsewhere. */
  async #fresh(
    session: Session,
    partition: KafkaPartition,
    fetched: Fetched,
  ): Promise<readonly Message[] | null> {
    const verdict = partition.judge(fetched)
    if (verdict.kind === 'fresh') return verdict.messages
    const range = await this.#parts.range(partition)
    if (range === null || partition.owner !== session) return null
    const { offset } = partition.position
    if (verdict.kind === 'ahead') {
      // Without a loss these were records that the client does not hand over.
      if (range.low > offset)
        this.#parts.lost(partition, Math.min(range.low, fetched.from) - offset)
      partition.skipTo(fetched.from)
      return fetched.messages
    }
    if (verdict.kind === 'other log' || range.high < offset) this.#restart(partition, range.low)
    else session.seek(partition.topic, partition.id, partition.begin())
    return null
  }

  /** Another log has the name of a partition. */
  #restart(partition: KafkaPartition, low: number): void {
    const { context, source } = this.#parts
    const facts = { source, partition: partition.name, offset: partition.position.offset }
    context.log.warn(facts, 'the topic was made again; reading it from its beginning')
    partition.restart(low)
    partition.owner?.seek(partition.topic, partition.id, partition.begin())
  }

  #give(partition: KafkaPartition, session: Session): void {
    this.#waiting.delete(partition.name)
    partition.owner = session
    partition.turns += 1
    session.seek(partition.topic, partition.id, partition.begin())
    partition.open(this.#parts.context)
    this.#parts.context.readable(partition.name, true)
  }

  #release(session: Session, but: ReadonlySet<string>): void {
    for (const [name, waiting] of this.#waiting) {
      if (waiting === session) this.#waiting.delete(name)
    }
    for (const partition of this.partitions.values()) {
      if (partition.owner !== session || but.has(partition.name)) continue
      partition.owner = null
      if (partition.isOpen) this.#parts.context.readable(partition.name, false)
    }
  }

  #emit(partition: KafkaPartition, batch: Batch): Promise<unknown> {
    const { context } = this.#parts
    const failed = (error: unknown) => this.#parts.failed(error)
    const emitted = this.#stop
      .or(context.emit(batch))
      .catch(failed)
      .finally(() => {
        if (partition.inFlight === emitted) partition.inFlight = null
      })
    partition.inFlight = emitted
    return emitted
  }

  #wait<T>(promise: Promise<T>, session: Session, payload: EachBatchPayload): Promise<T> {
    const { context, timing } = this.#parts
    return withHeartbeat(promise, session, payload, context.clock, timing.heartbeatMs)
  }

  #labels({ name }: KafkaPartition): Readonly<Record<string, string>> {
    return { source: this.#parts.source, partition: name }
  }
}

function fetchedOf({ batch }: EachBatchPayload): Fetched {
  // Not in the client's types; without it a jump over lost messages could not be told from one over
  // records that it does not hand over.
  const { fetchedOffset } = batch as { readonly fetchedOffset?: string }
  return {
    from: Number(fetchedOffset ?? batch.firstOffset()),
    end: Number(batch.lastOffset()) + 1,
    messages: batch.messages,
  }
}

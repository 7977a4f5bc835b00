/** Source kind `kafka`: reads topics as members of a consumer group. This file waits for brokers and
 *  topics, gives each partition its first place, runs the members and says what is wrong; messages
 *  are kafka/intake.ts's.
 *  The group only shares the partitions among the members. Where to go on is in our commits, which
 *  hold the counts as well; what the broker remembers of the group could not agree with them. */
import { randomUUID } from 'node:crypto'
import type { Kafka } from 'kafkajs'
import { LastpushError } from '../model/errors.ts'
import { boundedGzip } from './kafka/codecs.ts'
import { kafkaTiming, runMember, type KafkaTiming, type Session } from './kafka/consumer.ts'
import { KafkaFaults } from './kafka/faults.ts'
import { KafkaIntake } from './kafka/intake.ts'
import { kafkaOptions, type KafkaOptions } from './kafka/options.ts'
import { KafkaPartition, partitionName, positionAt, readKafkaPosition } from './kafka/partition.ts'
import { forgetGroup, lookAt, type PartitionRange } from './kafka/topics.ts'
import { clientLog, reasonOf } from './kafka/words.ts'
import type { Source, SourceContext, SourceType } from './source.ts'
import { Stop } from './stop.ts'

/** Waiting for a connection, and for an answer, ms. */
const connectMs = 5_000
const answerMs = 15_000

export const kafka: SourceType<KafkaOptions> = {
  kind: 'kafka',
  doc:
    'Reads topics of Apache Kafka. Each partition of a topic is a partition; the value of a message ' +
    'is its lines, key and headers are fields, its timestamp is the time of arrival.',
  example: '- { kafka: { brokers: [127.0.0.1:9092], topics: [php-errors] }, service: api }',
  options: kafkaOptions,
  create: (name, options) => kafkaSource(name, options),
}

/** A Kafka source; tests may shorten its pace. */
export function kafkaSource(
  name: string,
  options: KafkaOptions,
  timing: KafkaTiming = kafkaTiming,
): Source {
  return { name, run: (context) => new KafkaRun(name, options, context, timing).run() }
}

/** Members that run at present. */
interface Members {
  readonly topics: string
  readonly stop: AbortController
  readonly left: Promise<unknown>
}

/** One run of a source. */
class KafkaRun {
  readonly #name: string
  readonly #options: KafkaOptions
  readonly #context: SourceContext
  readonly #timing: KafkaTiming
  readonly #group: string
  readonly #stop: Stop
  readonly #faults: KafkaFaults
  readonly #intake: KafkaIntake
  readonly #sessions = new Set<Session>()
  #client: Kafka | null = null
  #members: Members | null = null
  /** The pipeline has refused a batch. */
  #failure: { readonly error: unknown } | null = null
  /** Topics that were there when the brokers first answered; null before. */
  #first: ReadonlySet<string> | null = null
  /** In a one-pass read: where each partition ends. */
  readonly #ends = new Map<string, number>()
  #fetchedAt: number
  #wake = new AbortController()

  constructor(name: string, options: KafkaOptions, context: SourceContext, timing: KafkaTiming) {
    this.#name = name
    this.#options = options
    this.#context = context
    this.#timing = timing
    // A pass must not take partitions away from the daemon that follows them.
    const group = options.group ?? `lastpush-${name}`
    this.#group = context.once ? `${group}-once-${randomUUID()}` : group
    this.#stop = new Stop(context.signal)
    this.#faults = new KafkaFaults(name, options, context)
    this.#fetchedAt = context.clock.monotonic()
    this.#intake = new KafkaIntake({
      source: name,
      context,
      timing,
      range: (partition) => this.#rangeOf(partition),
      missing: () => this.#wake.abort(),
      lost: (partition, messages) => this.#faults.lost(partition.name, messages),
      advanced: (partition) => this.#advanced(partition),
      failed: (error) => {
        this.#failure ??= { error }
        this.#wake.abort()
      },
    })
  }

  async run(): Promise<void> {
    const { signal } = this.#context
    if (signal.aborted) return
    const wake = () => this.#wake.abort()
    signal.addEventListener('abort', wake, { once: true })
    this.#restore()
    const client = await this.#connect()
    this.#client = client
    try {
      await this.#follow(client)
    } finally {
      signal.removeEventListener('abort', wake)
      await this.#stopMembers()
      if (this.#context.once) await forgetGroup(client, this.#group).catch(() => {})
    }
    if (this.#failure !== null) throw this.#failure.error
  }

  /** Loads the client only here: who reads no Kafka does not pay for it. */
  async #connect(): Promise<Kafka> {
    const { default: kafkajs } = await import('kafkajs')
    kafkajs.CompressionCodecs[kafkajs.CompressionTypes.GZIP] = boundedGzip()
    return new kafkajs.Kafka({
      clientId: this.#options.client_id,
      brokers: this.#options.brokers,
      connectionTimeout: connectMs,
      requestTimeout: answerMs,
      retry: { retries: 2, initialRetryTime: 100 },
      logLevel: kafkajs.logLevel.INFO,
      logCreator: clientLog(this.#context.log, this.#name),
    })
  }

  /** Takes up the committed partitions; they hold their place until a member has them. */
  #restore(): void {
    for (const [name, checkpoint] of this.#context.checkpoints) {
      const at = name.lastIndexOf('/')
      const topic = name.slice(0, at)
      const id = Number(name.slice(at + 1))
      if (!this.#options.topics.includes(topic) || name !== partitionName(topic, id)) continue
      const position = readKafkaPosition(checkpoint)
      if (position !== null) this.#intake.add(new KafkaPartition(topic, id, position))
      else this.#context.log.warn({ source: this.#name, partition: name }, 'the checkpoint is not understood') // prettier-ignore
    }
  }

  /** Looks at the topics again and again, and keeps members on those that there are. */
  async #follow(client: Kafka): Promise<void> {
    const { clock, once } = this.#context
    let pauseMs = this.#timing.restartMs
    while (!this.#stop.stopped && this.#failure === null) {
      this.#wake = new AbortController()
      const read = this.#intake.readOffsets()
      const ranges = await this.#look(client)
      if (ranges === 'stopped') return
      if (ranges !== null) {
        pauseMs = this.#timing.restartMs
        this.#intake.compareEnds(ranges, read)
        this.#place(ranges)
        await this.#runMembers(client, ranges)
        this.#faults.watch(this.#intake.partitions, this.#sessions.size > 0, this.#timing)
        this.#measureLag(ranges)
      }
      this.#measureAge()
      if (once && this.#isDone()) return
      if (this.#stop.stopped) return
      await clock.sleep(ranges === null ? pauseMs : this.#timing.lookMs, this.#wake.signal)
      if (ranges === null) pauseMs = Math.min(pauseMs * 2, this.#timing.restartMsMax)
    }
  }

  /** @returns null when the brokers do not answer. @throws LastpushError then in a one-pass read. */
  async #look(client: Kafka): Promise<readonly PartitionRange[] | null | 'stopped'> {
    try {
      const ranges = await this.#stop.or(lookAt(client, this.#options.topics))
      if (ranges !== 'stopped') this.#faults.reached(ranges)
      return ranges
    } catch (error) {
      const message = this.#faults.unreachable(reasonOf(error))
      if (this.#context.once)
        throw new LastpushError('SOURCE_UNREADABLE', message, { cause: error })
      return null
    }
  }

  async #rangeOf({ topic, id }: KafkaPartition): Promise<PartitionRange | null> {
    const ranges = this.#client === null ? [] : await lookAt(this.#client, [topic])
    return ranges.find((range) => range.id === id) ?? null
  }

  /** Gives partitions that are new their first place, and commits it at once: from then on nothing
   *  is skipped, however long nobody reads. */
  #place(ranges: readonly PartitionRange[]): void {
    const { once } = this.#context
    const { partitions } = this.#intake
    this.#first ??= new Set(ranges.map(({ topic }) => topic))
    const known = new Set([...partitions.values()].map(({ topic }) => topic))
    for (const { topic, id, low, high } of ranges) {
      const name = partitionName(topic, id)
      if (partitions.has(name)) continue
      // What has appeared since somebody reads the topic is read whole.
      const later = known.has(topic) || !this.#first.has(topic)
      const whole = once || later || this.#options.from === 'beginning'
      const partition = new KafkaPartition(topic, id, positionAt(whole ? low : high))
      if (once) this.#ends.set(name, high)
      this.#intake.add(partition)
      this.#intake.commitPlace(partition)
      this.#advanced(partition)
    }
  }

  /** Members for exactly these topics: one that subscribes to a topic that is gone never joins. */
  async #runMembers(client: Kafka, ranges: readonly PartitionRange[]): Promise<void> {
    const topics = [...new Set(ranges.map(({ topic }) => topic))]
    if (this.#members?.topics === topics.join()) return
    await this.#stopMembers()
    if (topics.length === 0 || this.#stop.stopped || this.#isDone()) return
    const stop = new AbortController()
    const parts = {
      client,
      group: this.#group,
      topics,
      clock: this.#context.clock,
      timing: this.#timing,
      assigned: (session: Session, partitions: Readonly<Record<string, readonly number[]>>) => {
        this.#sessions.add(session)
        this.#faults.joined()
        this.#intake.assigned(session, partitions)
      },
      take: this.#intake.take.bind(this.#intake),
      passed: (session: Session, topic: string, id: number, end: number) =>
        this.#intake.passed(session, partitionName(topic, id), end),
      fetched: () => void (this.#fetchedAt = this.#context.clock.monotonic()),
      ended: (session: Session, reason: string | null) => {
        this.#sessions.delete(session)
        this.#intake.ended(session)
        if (reason !== null) this.#faults.died(this.#group, reason)
      },
    }
    const members = Array.from({ length: this.#options.consumers }, () =>
      runMember(parts, stop.signal),
    )
    this.#members = { topics: topics.join(), stop, left: Promise.all(members) }
  }

  async #stopMembers(): Promise<void> {
    const members = this.#members
    this.#members = null
    members?.stop.abort()
    await members?.left
  }

  #advanced(partition: KafkaPartition): void {
    const { name, position } = partition
    const end = this.#ends.get(name)
    if (end === undefined || position.offset < end) return
    this.#ends.delete(name)
    partition.close(this.#context)
    if (this.#ends.size === 0) this.#wake.abort()
  }

  /** In a one-pass read: every partition is read to where it ended at first. */
  #isDone(): boolean {
    return this.#context.once && this.#ends.size === 0
  }

  #measureLag(ranges: readonly PartitionRange[]): void {
    const { metrics } = this.#context
    const lag = metrics.gauge('lastpush_kafka_lag_messages', 'Messages that are still to be read.')
    for (const { topic, id, high } of ranges) {
      const partition = partitionName(topic, id)
      const offset = this.#intake.partitions.get(partition)?.position.offset ?? 0
      lag.set(Math.max(0, high - offset), { source: this.#name, partition })
    }
  }

  #measureAge(): void {
    const { metrics, clock } = this.#context
    const help = 'Time since the brokers last answered a fetch; since the start before the first.'
    const age = metrics.gauge('lastpush_kafka_fetch_age_seconds', help)
    age.set((clock.monotonic() - this.#fetchedAt) / 1_000, { source: this.#name })
  }
}

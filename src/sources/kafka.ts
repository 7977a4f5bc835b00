/** Source kind `kafka`: reads topics as members of a consumer group. This file waits for brokers and
 *  topics, gives each partition its first place, runs the members and says what is wrong; messages
 *  are kafka/intake.ts's.
 *  The group only shares the partitions among the members. Where to go on is in our commits, which
 *  hold the counts as well; what the broker remembers of the group could not agree with them. */
import { randomUUID } from 'node:crypto'
import type { Kafka } from 'kafkajs'
import { LastpushError } from '../model/errors.ts'
import { foreignClaim, foreignText } from './kafka/claim.ts'
import { makeClient } from './kafka/client.ts'
import { kafkaTiming, runMember, type KafkaTiming, type Session } from './kafka/consumer.ts'
import { KafkaFaults } from './kafka/faults.ts'
import { GroupCommits } from './kafka/group-commits.ts'
import { KafkaIntake } from './kafka/intake.ts'
import { KafkaMeasures } from './kafka/measures.ts'
import { kafkaOptions, type KafkaOptions } from './kafka/options.ts'
import { KafkaPartition, partitionName, positionAt, readKafkaPosition } from './kafka/partition.ts'
import { SetAside } from './kafka/set-aside.ts'
import { isPattern, standsFor } from './kafka/topic-names.ts'
import { forgetGroup, lookAt, type PartitionRange } from './kafka/topics.ts'
import { isRefusal, reasonOf } from './kafka/words.ts'
import type { Source, SourceContext, SourceType } from './source.ts'
import { Stop } from './stop.ts'

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
  readonly #setAside: SetAside
  readonly #commits: GroupCommits
  readonly #measures: KafkaMeasures
  readonly #sessions = new Set<Session>()
  #client: Kafka | null = null
  #members: Members | null = null
  /** The pipeline has refused a batch. */
  #failure: { readonly error: unknown } | null = null
  /** Topics that were there when the brokers first answered; null before. */
  #first: ReadonlySet<string> | null = null
  /** In a one-pass read: where each partition ends. */
  readonly #ends = new Map<string, number>()
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
    this.#setAside = new SetAside(name, options, context, this.#faults)
    this.#measures = new KafkaMeasures(name, context)
    this.#intake = new KafkaIntake({
      source: name,
      context,
      timing,
      range: (partition) => this.#rangeOf(partition),
      missing: () => this.#wake.abort(),
      envelope: options.envelope,
      keepsPoison: this.#setAside.keeps,
      setAside: async (partition, poison) => {
        if (this.#client !== null) await this.#setAside.take(this.#client, partition, poison)
      },
      lost: (partition, messages) => this.#faults.lost(partition.name, messages),
      advanced: (partition) => this.#advanced(partition),
      failed: (error) => {
        this.#failure ??= { error }
        this.#wake.abort()
      },
    })
    this.#commits = new GroupCommits(context, this.#intake.partitions)
  }

  async run(): Promise<void> {
    const { signal } = this.#context
    if (signal.aborted) return
    const wake = () => this.#wake.abort()
    signal.addEventListener('abort', wake, { once: true })
    this.#restore()
    try {
      await this.#follow()
    } finally {
      signal.removeEventListener('abort', wake)
      await this.#stopMembers()
      await this.#setAside.close()
      const client = this.#client
      if (this.#context.once && client) await forgetGroup(client, this.#group).catch(() => {})
    }
    if (this.#failure !== null) throw this.#failure.error
  }

  /** Takes up the committed partitions; they hold their place until a member has them. */
  #restore(): void {
    for (const [name, checkpoint] of this.#context.checkpoints) {
      const at = name.lastIndexOf('/')
      const topic = name.slice(0, at)
      const id = Number(name.slice(at + 1))
      if (!this.#isWanted(topic) || name !== partitionName(topic, id)) continue
      const position = readKafkaPosition(checkpoint)
      if (position !== null) this.#intake.add(new KafkaPartition(topic, id, position))
      else this.#context.log.warn({ source: this.#name, partition: name }, 'the checkpoint is not understood') // prettier-ignore
    }
  }

  /** Looks at the topics again and again, and keeps members on those that there are. */
  async #follow(): Promise<void> {
    const { clock, once } = this.#context
    let pauseMs = this.#timing.restartMs
    while (!this.#stop.stopped && this.#failure === null) {
      this.#wake = new AbortController()
      const read = this.#intake.readOffsets()
      const ranges = await this.#look()
      if (ranges === 'stopped') return
      if (ranges !== null) {
        pauseMs = this.#timing.restartMs
        this.#intake.compareEnds(ranges, read)
        this.#place(ranges)
        await this.#runMembers(ranges)
        this.#faults.watch(this.#intake.partitions, this.#sessions.size > 0, this.#timing)
        this.#measures.lag(ranges, this.#intake.partitions)
        this.#commits.tell()
      }
      this.#measures.age()
      if (once && this.#isDone()) return
      if (this.#stop.stopped) return
      await clock.sleep(ranges === null ? pauseMs : this.#timing.lookMs, this.#wake.signal)
      if (ranges === null) pauseMs = Math.min(pauseMs * 2, this.#timing.restartMsMax)
    }
  }

  /** @returns null when the brokers do not answer. @throws LastpushError then in a one-pass read. */
  async #look(): Promise<readonly PartitionRange[] | null | 'stopped'> {
    try {
      this.#client ??= await makeClient(this.#options, this.#context.log, this.#name)
      const ranges = await this.#stop.or(lookAt(this.#client, this.#options.topics))
      if (ranges !== 'stopped') this.#faults.reached(ranges)
      return ranges
    } catch (error) {
      // The next client reads certificates and passwords anew; members keep the one that they have.
      if (isRefusal(error)) await this.#stopMembers()
      if (this.#members === null) this.#client = null
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
    // A pattern that somebody has read before stands for a new topic only when that is really new.
    const read = this.#options.topics.filter(
      (topic) => isPattern(topic) && [...known].some((name) => standsFor(topic, name)),
    )
    for (const { topic, id, low, high } of ranges) {
      const name = partitionName(topic, id)
      if (partitions.has(name)) continue
      // What has appeared since somebody reads the topic is read whole.
      const isNew = !this.#first.has(topic) || read.some((pattern) => standsFor(pattern, topic))
      const later = known.has(topic) || isNew
      const whole = once || later || this.#options.from === 'beginning'
      const partition = new KafkaPartition(topic, id, positionAt(whole ? low : high))
      if (once) this.#ends.set(name, high)
      this.#intake.add(partition)
      this.#intake.commitPlace(partition)
      this.#advanced(partition)
    }
  }

  /** Members for exactly these topics: one that subscribes to a topic that is gone never joins. */
  async #runMembers(ranges: readonly PartitionRange[]): Promise<void> {
    const client = this.#client
    const topics = [...new Set(ranges.map(({ topic }) => topic))]
    if (this.#members?.topics === topics.join()) return
    await this.#stopMembers()
    this.#intake.closeAllBut(new Set([...topics, ...this.#options.topics]))
    if (topics.length === 0 || this.#stop.stopped || this.#isDone()) return
    if (client === null || (await this.#isRefused(client, topics))) return
    // One that joins now would be missed by the group for as long as it waits for the dead.
    if (this.#stop.stopped) return
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
      fetched: () => this.#measures.fetched(),
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

  /** True when the group is another store's, which would go on with what we would leave to it. */
  async #isRefused(client: Kafka, topics: readonly string[]): Promise<boolean> {
    if (this.#context.once) return false
    try {
      const own = [this.#context.storeId, this.#options.take_over]
      const claim = await foreignClaim(client, this.#group, topics, own)
      this.#faults.claimed(claim === null ? null : foreignText(this.#group, claim))
      return claim !== null
    } catch (error) {
      this.#faults.unreachable(reasonOf(error))
      return true
    }
  }

  #isWanted(topic: string): boolean {
    return this.#options.topics.some((each) => standsFor(each, topic))
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
}

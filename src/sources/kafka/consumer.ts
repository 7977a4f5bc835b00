/** One member of the consumer group, kept alive: runs a client until it dies, for whatever reason,
 *  and then runs another. The client restarts itself after some errors and not after others, and
 *  some leave it silent for ever; so it never restarts itself, and its silence is an error as well.
 *  Where a partition begins and what becomes of its messages is kafka.ts's. */
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs'
import type { Clock } from '../../flow/time.ts'
import { reasonOf } from './words.ts'

/** Pace of a consumer, ms. Users do not see it; tests shorten it. */
export interface KafkaTiming {
  /** A member that says nothing for so long is taken for dead, by the group. A daemon that was
   *  killed blocks its partitions for this time, so it is the least that brokers allow: a member
   *  that is expelled too early only joins again. */
  readonly sessionMs: number
  readonly heartbeatMs: number
  /** Longest time that the broker waits for messages before it answers that there are none. */
  readonly fetchWaitMs: number
  /** A client that does nothing for so long is taken for dead, by us. */
  readonly stallMs: number
  /** Pause before the next client, doubled up to the longest. */
  readonly restartMs: number
  readonly restartMsMax: number
  /** Between two looks at topics and their ends. */
  readonly lookMs: number
  /** How long a partition may be without a member of ours before it counts as another daemon's. */
  readonly foreignMs: number
  /** Longest time that a stop waits for the group to be left. */
  readonly leaveMs: number
}

export const kafkaTiming: KafkaTiming = {
  sessionMs: 6_000,
  heartbeatMs: 1_500,
  fetchWaitMs: 250,
  stallMs: 90_000,
  restartMs: 500,
  restartMsMax: 10_000,
  lookMs: 5_000,
  foreignMs: 30_000,
  leaveMs: 700,
}

/** Bytes fetched at once, of one partition and of all, unless one message is longer. */
const partitionBytesMax = 1_048_576
const fetchBytesMax = 4_194_304
/** Time in which all members have to rejoin, ms. */
const rebalanceMs = 30_000
/** Pause between two looks at whether the client does anything, ms. */
const watchMs = 500

/** What a member tells and asks of its source. */
export interface MemberParts {
  readonly client: Kafka
  readonly group: string
  readonly topics: readonly string[]
  readonly clock: Clock
  readonly timing: KafkaTiming
  /** Partitions that are this session's from now on; others no longer are. Runs before any fetch. */
  assigned(session: Session, partitions: Readonly<Record<string, readonly number[]>>): void
  /** Messages came. What is not resolved in the payload is fetched again. */
  take(session: Session, payload: EachBatchPayload): Promise<void>
  /** A fetch held nothing but what is not handed over; `end` is the offset behind it. */
  passed(session: Session, topic: string, partition: number, end: number): void
  /** The brokers have answered a fetch. */
  fetched(): void
  /** A session is over, and why; null when it was asked to stop. */
  ended(session: Session, reason: string | null): void
}

/** One run of a client. */
export interface Session {
  seek(topic: string, partition: number, offset: number): void
  /** Writes offsets to the group, for those who look at it; null before the first message. */
  tell: EachBatchPayload['commitOffsetsIfNecessary'] | null
  /** Says that the session lives although the client is silent: the pipeline is busy. */
  alive(): void
}

/** Keeps one member in the group until `signal` aborts; resolves when it has left. */
export async function runMember(parts: MemberParts, signal: AbortSignal): Promise<void> {
  const { clock, timing } = parts
  let pauseMs = timing.restartMs
  while (!signal.aborted) {
    const started = clock.monotonic()
    await runSession(parts, signal)
    // One that has worked for a while died of something new.
    const lived = clock.monotonic() - started > timing.sessionMs + timing.restartMsMax
    pauseMs = lived ? timing.restartMs : Math.min(pauseMs * 2, timing.restartMsMax)
    await clock.sleep(pauseMs, signal)
  }
}

async function runSession(parts: MemberParts, signal: AbortSignal): Promise<void> {
  const { clock, timing, group } = parts
  const ended = new AbortController()
  let reason: string | null = null
  let signAt = clock.monotonic()
  const end = (error: unknown) => {
    reason ??= reasonOf(error)
    ended.abort()
  }
  const alive = () => void (signAt = clock.monotonic())
  const consumer = parts.client.consumer({
    groupId: group,
    sessionTimeout: timing.sessionMs,
    heartbeatInterval: timing.heartbeatMs,
    rebalanceTimeout: rebalanceMs,
    maxWaitTimeInMs: timing.fetchWaitMs,
    maxBytesPerPartition: partitionBytesMax,
    maxBytes: fetchBytesMax,
    allowAutoTopicCreation: false,
    // New partitions are found with the metadata.
    metadataMaxAge: timing.lookMs,
    retry: { retries: 3, initialRetryTime: 100, restartOnFailure: async () => false },
  })
  const session: Session = {
    tell: null,
    seek: (topic, partition, offset) => consumer.seek({ topic, partition, offset: String(offset) }),
    alive,
  }
  listen(consumer, session, parts, alive, end, () => ended.signal.aborted)
  const stop = () => ended.abort()
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  start(consumer, session, parts).catch(end)
  while (!ended.signal.aborted) {
    await clock.sleep(watchMs, ended.signal)
    if (clock.monotonic() - signAt > timing.stallMs) end('the client has stopped working')
  }
  signal.removeEventListener('abort', stop)
  parts.ended(session, reason)
  await leave(consumer, clock, timing.leaveMs)
}

async function start(consumer: Consumer, session: Session, parts: MemberParts): Promise<void> {
  await consumer.connect()
  // From the beginning: what the client falls back to when an offset is gone is then never later
  // than the oldest message. Where a partition begins at first is decided by a seek.
  await consumer.subscribe({ topics: [...parts.topics], fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    partitionsConsumedConcurrently: 1,
    eachBatch: (payload) => {
      // The client's own way to commit would run a second loop beside the first after a rebalance.
      session.tell = (offsets) => payload.commitOffsetsIfNecessary(offsets)
      return parts.take(session, payload)
    },
  })
}

function listen(
  consumer: Consumer,
  session: Session,
  parts: MemberParts,
  alive: () => void,
  end: (error: unknown) => void,
  isOver: () => boolean,
): void {
  const { CRASH, END_BATCH_PROCESS, FETCH, GROUP_JOIN, HEARTBEAT } = consumer.events
  consumer.on(CRASH, ({ payload }) => end(payload.error))
  consumer.on(FETCH, () => {
    alive()
    parts.fetched()
  })
  consumer.on(HEARTBEAT, alive)
  consumer.on(GROUP_JOIN, ({ payload }) => {
    // A client that could not be stopped in time must not take what others have meanwhile.
    if (isOver()) return
    alive()
    // The client logs what a listener throws, and goes on.
    try {
      parts.assigned(session, payload.memberAssignment)
    } catch (error) {
      end(error)
    }
  })
  consumer.on(END_BATCH_PROCESS, ({ payload }) => {
    alive()
    const { batchSize, topic, partition, lastOffset } = payload
    if (batchSize === 0) parts.passed(session, topic, partition, Number(lastOffset) + 1)
  })
}

/** Leaves the group, but does not wait for a broker that is silent. */
async function leave(consumer: Consumer, clock: Clock, limitMs: number): Promise<void> {
  const limit = new AbortController()
  const left = consumer
    .disconnect()
    // The connection may be what has broken.
    .catch(() => {})
    .finally(() => limit.abort())
  await Promise.race([left, clock.sleep(limitMs, limit.signal)])
}

/** Waits for a promise, and keeps the membership meanwhile.
 *  @throws what the heartbeat throws, such as that the group is rebalancing. */
export async function withHeartbeat<T>(
  promise: Promise<T>,
  session: Session,
  payload: EachBatchPayload,
  clock: Clock,
  intervalMs: number,
): Promise<T> {
  const done = new AbortController()
  const settled = () => done.abort()
  promise.then(settled, settled)
  for (;;) {
    await clock.sleep(intervalMs, done.signal)
    if (done.signal.aborted) return promise
    session.alive()
    await payload.heartbeat()
  }
}

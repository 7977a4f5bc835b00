/** Delivery of committed notifications: waiting → delivered, or parked when trying again cannot
 *  help. It holds no truth of its own: what the state calls waiting is tried, and each outcome is
 *  committed before the next notification of the same group starts. A crash between a receiver's
 *  yes and that commit repeats the notification with the same key; nothing else repeats. Rendering
 *  and grouping are the dispatcher's; time limits of one attempt are the receiver's. */
import PQueue from 'p-queue'
import { failPoint } from '../flow/fail-points.ts'
import type { Clock } from '../flow/time.ts'
import type { Log } from '../flow/log.ts'
import type { Metric, Metrics } from '../flow/metrics.ts'
import type { Notification, State } from '../store/state.ts'
import type { Outcome, Receiver } from './receiver.ts'

/** Waiting notifications of one receiver that are held in memory; the rest stay in the state. */
export const heldPerReceiverMax = 1_000
const retryMinMs = 1_000
const retryMaxMs = 300_000
/** The longest wish of a receiver that is granted. */
const retryAfterMaxMs = 600_000
/** Pause after the state could not be read or written. */
const statePauseMs = 1_000
/** How long `stop` waits for attempts to end after it has aborted them. */
const stopLimitMs = 900
/** The loop looks again at least this often, whatever it thinks is due. */
const lookMaxMs = 60_000

export interface OutboxParts {
  readonly state: Pick<State, 'waiting' | 'dispatch'>
  /** By name, as configured. */
  readonly receivers: ReadonlyMap<string, Receiver>
  readonly clock: Clock
  readonly log: Log
  readonly metrics: Metrics
  /** Attempts at once over all receivers; raised to one for each receiver. */
  readonly concurrency: number
  /** In [0, 1), for jitter. */
  readonly random: () => number
}

/** Delivers until stopped. */
export class Outbox {
  readonly #parts: OutboxParts
  readonly #queue: PQueue
  readonly #attemptsPerReceiver: number
  readonly #counter: Metric
  readonly #stopping = new AbortController()
  #wake = new AbortController()
  /** In the order of their insertion into the state. */
  #held: readonly Notification[] = []
  /** Keys whose attempt, or its commit, is under way. */
  readonly #inFlight = new Set<string>()
  /** Committed since the last read began: newer than what that read may have seen. */
  readonly #settled = new Map<string, Notification>()
  /** The state may hold waiting notifications that `#held` lacks. */
  #stale = true
  #running: Promise<void> | null = null
  #stopped = false

  constructor(parts: OutboxParts) {
    const receivers = Math.max(parts.receivers.size, 1)
    const concurrency = Math.max(parts.concurrency, receivers)
    this.#parts = parts
    this.#queue = new PQueue({ concurrency })
    // An equal share: receivers that hang fill their own share and nobody else's.
    this.#attemptsPerReceiver = Math.floor(concurrency / receivers)
    this.#counter = parts.metrics.counter(
      'lastpush_notifications_total',
      'Attempts to deliver a notification, by receiver and outcome.',
    )
  }

  /** Begins with what an earlier process has left waiting. */
  start(): void {
    this.#running ??= this.#run()
  }

  /** Notifications were committed. */
  kick(): void {
    this.#stale = true
    this.#wake.abort()
  }

  /** Aborts what is under way, which then stays waiting. Resolves within a second. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake.abort()
    this.#queue.clear()
    const over = new AbortController()
    const ended = Promise.all([this.#running, this.#queue.onIdle()])
    await Promise.race([ended, this.#parts.clock.sleep(stopLimitMs, over.signal)])
    over.abort()
    this.#stopped = true
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#parts
    while (!this.#stopping.signal.aborted) {
      // Renewed before looking: whatever comes during the look then ends the sleep at once.
      this.#wake = new AbortController()
      let pauseMs = statePauseMs
      try {
        if (this.#stale) await this.#read()
        pauseMs = this.#startDue()
      } catch (error) {
        this.#stale = true
        log.error(
          { error: String(error) },
          'the waiting notifications cannot be read; trying again',
        )
      }
      if (this.#stopping.signal.aborted) return
      await clock.sleep(pauseMs, this.#wake.signal)
    }
  }

  async #read(): Promise<void> {
    this.#stale = false
    this.#settled.clear()
    failPoint('outbox-before-read')
    const read = await this.#parts.state.waiting(heldPerReceiverMax)
    this.#held = read
      .map((notification) => this.#settled.get(notification.key) ?? notification)
      .filter(({ state }) => state === 'waiting')
  }

  /** Starts all that may start now. Returns the ms after which to look again. */
  #startDue(): number {
    const now = this.#parts.clock.now()
    const groups = new Set<string>()
    const busy = new Map<string, number>()
    for (const { key, receiver } of this.#held) {
      if (this.#inFlight.has(key)) busy.set(receiver, (busy.get(receiver) ?? 0) + 1)
    }
    let pauseMs = lookMaxMs
    for (const notification of this.#held) {
      const { key, receiver } = notification
      const group = JSON.stringify([receiver, notification.groupKey])
      const isHead = !groups.has(group)
      groups.add(group)
      const free = (busy.get(receiver) ?? 0) < this.#attemptsPerReceiver
      if (!isHead || !free || this.#inFlight.has(key)) continue
      const waitMs = dueInMs(notification, now)
      if (waitMs > 0) {
        pauseMs = Math.min(pauseMs, waitMs)
        continue
      }
      busy.set(receiver, (busy.get(receiver) ?? 0) + 1)
      this.#inFlight.add(key)
      void this.#queue.add(() => this.#deliver(notification))
    }
    return pauseMs
  }

  async #deliver(notification: Notification): Promise<void> {
    failPoint('outbox-before-send')
    const outcome = await this.#attempt(notification)
    if (outcome.ok) failPoint('outbox-after-yes')
    // An aborted attempt says nothing about its receiver: the notification waits as before.
    if (this.#stopped || (this.#stopping.signal.aborted && !outcome.ok)) return
    const settled = this.#settle(notification, outcome)
    if (!(await this.#commit(settled))) return
    failPoint('outbox-after-note')
    this.#settled.set(settled.key, settled)
    this.#inFlight.delete(settled.key)
    this.#replace(settled)
    this.#wake.abort()
  }

  async #attempt({ receiver: name, body, key }: Notification): Promise<Outcome> {
    const receiver = this.#parts.receivers.get(name)
    if (receiver === undefined) {
      const error = `no receiver "${name}" is configured; it was removed or renamed`
      return { ok: false, retry: false, error }
    }
    try {
      return await receiver.send(body, key, this.#stopping.signal)
    } catch (error) {
      return { ok: false, retry: true, error: `receiver "${name}" failed: ${String(error)}` }
    }
  }

  /** The notification as it is after an attempt; counts and logs the outcome. */
  #settle(notification: Notification, outcome: Outcome): Notification {
    const { clock, log, random } = this.#parts
    const { key, receiver } = notification
    const attempts = notification.attempts + 1
    if (outcome.ok) {
      this.#counter.add(1, { receiver, outcome: 'delivered' })
      return { ...notification, state: 'delivered', attempts, error: null }
    }
    const { error } = outcome
    if (!outcome.retry) {
      this.#counter.add(1, { receiver, outcome: 'parked' })
      log.error({ receiver, key, error }, 'notification parked: trying again cannot help')
      return { ...notification, state: 'parked', attempts, error }
    }
    const delayMs = retryDelayMs(attempts, random(), outcome.retryAfterMs ?? 0)
    this.#counter.add(1, { receiver, outcome: 'retried' })
    log.warn({ receiver, key, error, attempts, delayMs }, 'notification not delivered; it waits')
    return { ...notification, attempts, error, nextAttemptAt: clock.now() + delayMs }
  }

  /** Commits an outcome however long the state refuses; false when stopped before. */
  async #commit(notification: Notification): Promise<boolean> {
    const { state, clock, log } = this.#parts
    while (!this.#stopped) {
      try {
        await state.dispatch({ dispatched: [], records: [], notifications: [notification] })
        return true
      } catch (error) {
        log.error(
          { error: String(error), key: notification.key },
          'an outcome cannot be stored; trying again',
        )
        if (this.#stopping.signal.aborted) return false
        await clock.sleep(statePauseMs, this.#stopping.signal)
      }
    }
    return false
  }

  #replace(settled: Notification): void {
    const { key, receiver, state } = settled
    const before = this.#held.filter((other) => other.receiver === receiver).length
    this.#held =
      state === 'waiting'
        ? this.#held.map((other) => (other.key === key ? settled : other))
        : this.#held.filter((other) => other.key !== key)
    // At half of a full read the state may hold more of this receiver.
    if (before === heldPerReceiverMax / 2) this.#stale = true
  }
}

/** ms until an attempt is due. The clock may have been set back since the time was written, so
 *  nothing waits longer than the longest delay. */
function dueInMs({ nextAttemptAt }: Notification, now: number): number {
  const waitMs = nextAttemptAt - now
  return waitMs > retryAfterMaxMs ? 0 : waitMs
}

/** Exponential back-off with equal jitter, 1 s to 5 min, or what the receiver asks for if that is
 *  longer. `attempts` counts the failures so far, `random` is in [0, 1). */
export function retryDelayMs(attempts: number, random: number, retryAfterMs: number): number {
  const half = Math.min(retryMinMs * 2 ** (attempts - 1), retryMaxMs / 2)
  const delayMs = Math.round(half + random * half)
  return Math.max(delayMs, Math.min(retryAfterMs, retryAfterMaxMs))
}

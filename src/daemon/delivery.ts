/** Drives dispatcher and outbox: after every commit, and when a group's timer is due. */
import type { Dispatcher } from '../alerts/dispatcher.ts'
import type { Log } from '../flow/log.ts'
import type { Clock } from '../flow/time.ts'

/** The dispatcher looks at its groups at least this often, ms. */
const lookMs = 500
/** The same where it has none, and whatever comes will kick, ms. */
const idleLookMs = 30_000

export interface DeliveryOptions {
  readonly dispatcher: Dispatcher
  /** Called when notifications were written. */
  readonly onNotifications: () => void
  readonly clock: Clock
  readonly log: Log
}

export class Delivery {
  readonly #options: DeliveryOptions
  readonly #stopping = new AbortController()
  #wake: (() => void) | null = null
  #running: Promise<void> = Promise.resolve()
  #kicked = false

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = this.#loop()
  }

  /** Says that a commit may have brought transitions. */
  kick(): void {
    this.#kicked = true
    this.#wake?.()
  }

  /** One last look, so that what was committed is grouped before the process ends. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#wake?.()
    await this.#running
    await this.#look()
  }

  async #loop(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#kicked = false
      const done = await this.#look()
      const isIdle = done && this.#options.dispatcher.idle
      if (!this.#kicked) await this.#sleep(isIdle ? idleLookMs : lookMs)
    }
  }

  /** @returns False when the store refused. */
  async #look(): Promise<boolean> {
    const { dispatcher, onNotifications, log } = this.#options
    try {
      if ((await dispatcher.dispatch()) > 0) onNotifications()
      return true
    } catch (error) {
      // Nothing was changed: the next look tries the same again.
      log.error({ error }, 'notifications could not be written; trying again')
      return false
    }
  }

  #sleep(ms: number): Promise<void> {
    const awake = new AbortController()
    this.#wake = () => awake.abort()
    return this.#options.clock.sleep(ms, awake.signal).finally(() => {
      this.#wake = null
    })
  }
}

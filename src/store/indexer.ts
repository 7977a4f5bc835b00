/** Committed backlog → event index. An event leaves the backlog only after the index has it, so
 *  the index may be slow, away or restarted at any moment; `put` is idempotent by event id. */
import { failPoint } from '../flow/fail-points.ts'
import type { Clock } from '../flow/time.ts'
import type { Log } from '../flow/log.ts'
import type { EventIndex } from './events.ts'
import type { State } from './state.ts'

/** Events put at once. */
const batchEvents = 500

/** Pause after the first failure, doubled by each further one up to the longest. */
const retryMinMs = 250
const retryMaxMs = 30_000

interface IndexerOptions {
  readonly state: Pick<State, 'backlog' | 'dropBacklog'>
  readonly index: Pick<EventIndex, 'put'>
  readonly clock: Clock
  readonly log: Log
}

/** Feeds the index from the backlog until it is told to stop. */
export class Indexer {
  readonly #options: IndexerOptions
  #kicked = false
  #wake: (() => void) | null = null
  #fault: string | null = null

  constructor(options: IndexerOptions) {
    this.#options = options
  }

  /** What keeps events out of the index; null while it takes them. */
  get fault(): string | null {
    return this.#fault
  }

  /** Says that a commit may have added to the backlog. */
  kick(): void {
    this.#kicked = true
    this.#wake?.()
  }

  /** Runs until the signal aborts; then returns after the batch in hand. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#options
    signal.addEventListener('abort', () => this.#wake?.(), { once: true })
    let failures = 0
    while (!signal.aborted) {
      this.#kicked = false
      try {
        const moved = await this.#moveBatch()
        if (failures > 0) log.info({ failures }, 'the event index takes events again')
        failures = 0
        this.#fault = null
        if (moved < batchEvents) await this.#nextKick(signal)
      } catch (error) {
        failures += 1
        const fault = error instanceof Error ? error.message : String(error)
        if (fault !== this.#fault)
          log.warn({ error }, 'the event index is behind; alerting goes on')
        this.#fault = fault
        const pause = Math.min(retryMinMs * 2 ** Math.min(failures - 1, 16), retryMaxMs)
        await clock.sleep(pause, signal)
      }
    }
  }

  async #moveBatch(): Promise<number> {
    const { state, index } = this.#options
    const events = await state.backlog(batchEvents)
    if (events.length === 0) return 0
    await index.put(events)
    failPoint('index-after-put')
    await state.dropBacklog(events.map(({ id }) => id))
    return events.length
  }

  /** Resolves at the next kick, or at once when one came since the last look at the backlog. */
  async #nextKick(signal: AbortSignal): Promise<void> {
    if (this.#kicked || signal.aborted) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#wake = null
  }
}

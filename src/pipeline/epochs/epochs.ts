/** When an epoch ends, and that it ends in one commit: some time after the first change, at a bound
 *  of bytes, when somebody asks, and at the shutdown. One commit is under way at a time; meanwhile
 *  the pipeline gathers the next epoch. What goes in is in epoch.ts.
 *  An epoch that the store refuses is offered again and nothing is committed before it: what it holds
 *  exists nowhere else, and a later one builds on it. */
import { failPoint } from '../../flow/fail-points.ts'
import type { Log } from '../../flow/log.ts'
import type { Clock } from '../../flow/time.ts'
import { LastpushError } from '../../model/errors.ts'
import type { Commit, State } from '../../store/state.ts'

/** A commit follows a change after at most this time, ms. */
export const epochMs = 200
/** Bytes parsed but not handed to the store before the readers have to wait. */
const epochBytesMax = 16 * 1_024 * 1_024
/** Between two tries of a commit that failed, ms. */
const retryMs = 1_000

export interface EpochsOptions {
  /** Ends the epoch that is being gathered; null when nothing has changed. */
  readonly take: () => Commit | null
  readonly state: Pick<State, 'commit'>
  readonly clock: Clock
  readonly log: Log
  /** Called after each commit with what it held. */
  readonly onCommitted: (commit: Commit) => void
  /** Called when a commit is no longer under way. */
  readonly onSettled: () => void
}

interface Waiter {
  readonly done: () => void
  readonly failed: (error: LastpushError) => void
}

export class Epochs {
  readonly #options: EpochsOptions
  #commit: Promise<void> | null = null
  #dueAt = 0
  #bytes = 0
  #fault: LastpushError | null = null
  #waiters: Waiter[] = []
  #isClosing = false
  /** Why nothing will be committed any more; null while something may. */
  #closed: LastpushError | null = null

  constructor(options: EpochsOptions) {
    this.#options = options
  }

  /** Why commits fail at present; null when all is well. */
  get fault(): LastpushError | null {
    return this.#fault
  }

  /** True when no more may be gathered before the present epoch is handed over. */
  get isFull(): boolean {
    return this.#bytes >= epochBytesMax
  }

  /** True when lines are gathered that no commit was begun for. */
  get hasLines(): boolean {
    return this.#bytes > 0
  }

  /** Says that lines were gathered. */
  gathered(bytes: number): void {
    this.#bytes += bytes
  }

  /** Ends the epoch if it is full or it is time to, and no commit is under way. */
  endIfDue(): void {
    if (this.#commit !== null) return
    if (this.isFull || this.#options.clock.monotonic() >= this.#dueAt) this.#end()
  }

  /** Resolves when everything that was gathered up to now is committed.
   *  @throws LastpushError of the store when that was given up at the shutdown. */
  flush(): Promise<void> {
    if (this.#closed !== null) return Promise.reject(this.#closed)
    this.#dueAt = 0
    return new Promise((done, failed) => this.#waiters.push({ done, failed }))
  }

  /**
   * The shutdown's last commit: everything that was gathered, in as many commits as are left.
   * @throws LastpushError of the store when it refuses one; nothing after that one is committed.
   */
  async close(): Promise<void> {
    this.#isClosing = true
    await this.#commit
    failPoint('stop-before-last-commit')
    while (this.#closed === null && this.#end()) await this.#commit
    const gaveUp = this.#closed
    this.#closed ??= new LastpushError('STORE_UNWRITABLE', 'lastpush is stopping: try again later')
    this.#fail(this.#waiters.splice(0), this.#closed)
    if (gaveUp !== null) throw gaveUp
  }

  /** @returns False when there was nothing to commit. */
  #end(): boolean {
    const waiters = this.#waiters.splice(0)
    this.#dueAt = this.#options.clock.monotonic() + epochMs
    const commit = this.#options.take()
    if (commit === null) {
      for (const { done } of waiters) done()
      return false
    }
    this.#bytes = 0
    failPoint('epoch-taken')
    this.#commit = this.#write(commit).then((failure) => {
      this.#commit = null
      this.#closed = failure
      if (failure === null) for (const { done } of waiters) done()
      else this.#fail(waiters, failure)
      this.#options.onSettled()
    })
    return true
  }

  #fail(waiters: readonly Waiter[], error: LastpushError): void {
    for (const { failed } of waiters) failed(error)
  }

  /** Tries until the store takes it. @returns Why it was given up at the shutdown, else null. */
  async #write(commit: Commit): Promise<LastpushError | null> {
    const { state, clock, log, onCommitted } = this.#options
    for (;;) {
      try {
        await state.commit(commit)
        if (this.#fault !== null) log.info({}, 'the store takes commits again')
        this.#fault = null
        onCommitted(commit)
        return null
      } catch (error) {
        const fault = asFault(error)
        if (this.#fault === null) log.error({ code: fault.code }, `not committed: ${fault.message}`)
        this.#fault = fault
        if (this.#isClosing) return fault
        await clock.sleep(retryMs)
      }
    }
  }
}

function asFault(error: unknown): LastpushError {
  if (error instanceof LastpushError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new LastpushError('STORE_UNWRITABLE', message, { cause: error })
}

/** Finds the fields of batches on other threads, ahead of the pipeline, which takes them in the same
 *  order and decides the same: only the looking at bytes, half of the work, is done elsewhere.
 *  Threads are started when a pass turns out to be long; a short one is over before they are up. */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { workerUrl } from '../flow/worker-url.ts'
import type { Parser, Scanned, Scanner, SharedBatch } from '../parsers/parser.ts'
import type { ParseAnswer, ParseRequest, ParseWorkerOptions } from './parse-messages.ts'

/** Smaller batches are not worth the way. */
const batchBytesMin = 16_384
/** Batches of one thread that are parsed or wait to be counted. */
const slotsPerWorker = 4
/** Bytes that pass before threads are started. */
const startAfterBytes = 33_554_432
const workersAutoMax = 4

export interface AheadOptions {
  readonly workers: number | 'auto'
  /** Name of each parser → the file of its definition. */
  readonly parserFiles: ReadonlyMap<string, string>
  /** Bytes that pass before threads are started; tests begin at once. */
  readonly startAfterBytes?: number
}

/** A batch whose fields are found elsewhere. */
export interface Ahead {
  /** Its bytes, which were copied. */
  readonly bytes: Buffer
  /** null when it has to be parsed here after all. */
  readonly found: Promise<Scanned | null>
  /** Says that bytes and columns are no longer looked at. */
  release(): void
}

interface Slot {
  readonly worker: Worker
  readonly number: number
  /** Memory by name of the parser, whose columns lie in it. */
  readonly batches: Map<string, SharedBatch>
  answered: (answer: ParseAnswer) => void
}

export class ParseAhead {
  readonly #options: AheadOptions
  /** Rejects when a thread ends of itself: what it had is lost, and so is the pass. */
  readonly failure: Promise<never>
  #fail: (error: Error) => void = () => {}
  #workers: readonly Worker[] | null = null
  #free: Slot[] = []
  readonly #waiting: ((slot: Slot) => void)[] = []
  #bytes = 0

  constructor(options: AheadOptions) {
    this.#options = options
    this.failure = new Promise((_, reject) => (this.#fail = reject))
    // Told to whoever waits for it; a pass that needs no thread has nobody who does.
    this.failure.catch(() => {})
  }

  /**
   * Hands a batch to a thread; its bytes are copied when the promise resolves.
   * @param wait Aborted when it is no longer worth while to wait for a thread; null: do not wait.
   * @returns null when it is to be parsed here.
   */
  async take(
    bytes: Buffer,
    parser: Parser,
    zone: string,
    wait: AbortSignal | null,
  ): Promise<Ahead | null> {
    this.#bytes += bytes.length
    const startAfter = this.#options.startAfterBytes ?? startAfterBytes
    if (this.#bytes < startAfter || bytes.length < batchBytesMin) return null
    const scanner = parser.scanner?.() ?? null
    if (scanner === null) return null
    this.#workers ??= this.#start()
    if (this.#workers.length === 0) return null
    const slot = this.#free.pop() ?? (wait === null ? null : await this.#next(wait))
    return slot === null ? null : this.#ask(slot, bytes, parser.name, zone, scanner)
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    for (const worker of this.#workers ?? []) worker.removeAllListeners()
    await Promise.all((this.#workers ?? []).map((worker) => worker.terminate()))
  }

  #ask(slot: Slot, bytes: Buffer, parser: string, zone: string, scanner: Scanner): Ahead | null {
    const known = slot.batches.get(parser)
    const shared = known ?? scanner.share()
    slot.batches.set(parser, shared)
    const placed = shared.put(bytes)
    if (placed === null) {
      if (known === undefined) slot.batches.delete(parser)
      this.#release(slot)
      return null
    }
    const memory = known === undefined ? shared.memory : null
    const request: ParseRequest = { slot: slot.number, parser, memory, length: bytes.length, zone }
    const answered = new Promise<ParseAnswer>((resolve) => (slot.answered = resolve))
    slot.worker.postMessage(request)
    return {
      bytes: placed,
      found: answered.then(({ found }) => (found === null ? null : shared.found(found))),
      release: () => this.#release(slot),
    }
  }

  #release(slot: Slot): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(slot)
    else next(slot)
  }

  #next(wait: AbortSignal): Promise<Slot | null> {
    return new Promise((resolve) => {
      const giveUp = (): void => {
        const at = this.#waiting.indexOf(take)
        if (at >= 0) this.#waiting.splice(at, 1)
        resolve(null)
      }
      const take = (slot: Slot): void => {
        wait.removeEventListener('abort', giveUp)
        resolve(slot)
      }
      this.#waiting.push(take)
      wait.addEventListener('abort', giveUp, { once: true })
    })
  }

  #start(): readonly Worker[] {
    const { workers } = this.#options
    const count =
      workers === 'auto' ? Math.min(availableParallelism() - 1, workersAutoMax) : workers
    const started = Array.from({ length: count }, () => this.#startOne())
    // So that the threads take turns.
    this.#free = Array.from({ length: slotsPerWorker }, (_, at) => started.flatMap(({ slots }) => slots.slice(at, at + 1))).flat() // prettier-ignore
    return started.map(({ worker }) => worker)
  }

  #startOne(): { worker: Worker; slots: readonly Slot[] } {
    const workerData: ParseWorkerOptions = { parserFiles: this.#options.parserFiles }
    const worker = new Worker(workerUrl('parse-worker'), { workerData, execArgv: [] })
    const slots = Array.from({ length: slotsPerWorker }, (_, number): Slot => {
      return { worker, number, batches: new Map(), answered: () => {} }
    })
    worker.on('message', (answer: ParseAnswer) => slots[answer.slot]?.answered(answer))
    worker.on('error', (error) => this.#fail(error))
    worker.on('exit', (status) => this.#fail(new Error(`a parsing thread ended with ${status}`)))
    return { worker, slots }
  }
}

/** The main thread's end of a writer thread: posts requests, hands out the answers. What is
 *  posted is copied at once, so a caller may reuse its argument. */
import { Worker } from 'node:worker_threads'
import { LastpushError } from '../model/errors.ts'
import { workerUrl } from '../flow/worker-url.ts'
import type { ControlRequest, WriterAnswer, WriterOptions } from './writer-messages.ts'

/** Requests that may wait for the disk; more are refused, since each holds its data in memory. */
const waitingMax = 1_000

interface Waiting {
  readonly resolve: (result: number) => void
  readonly reject: (error: Error) => void
}

/** New objects of the thread before V8 collects them, MB: a commit's rows live for a moment, and
 *  V8's own bound keeps 15 MB more resident for no gain in time. */
const youngMbMax = 6

/** A handle on one writer thread; `Request` is what its database understands. */
export class Writer<Request extends { readonly op: string }> {
  readonly #path: string
  readonly #worker: Worker
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0
  #ended: Error | null = null

  private constructor(options: WriterOptions) {
    this.#path = options.path
    this.#worker = new Worker(workerUrl('sqlite-writer'), {
      workerData: options,
      execArgv: [],
      resourceLimits: { maxYoungGenerationSizeMb: youngMbMax },
    })
    this.#worker.on('message', (answer: WriterAnswer) => this.#settle(answer))
    this.#worker.on('error', (error) => this.#end(error))
    this.#worker.on('exit', () => this.#end(this.#gone()))
    this.#worker.unref()
  }

  /** Starts the thread and opens the file, with the errors of openForWriting. */
  static async open<Request extends { readonly op: string }>(
    options: WriterOptions,
  ): Promise<Writer<Request>> {
    const writer = new Writer<Request>(options)
    try {
      await writer.request({ op: 'open' })
      return writer
    } catch (error) {
      await writer.close()
      throw error
    }
  }

  /**
   * Resolves when the request is done, or rejects and then it has changed nothing.
   * The request is copied before the call returns.
   */
  request(request: Request | ControlRequest): Promise<number> {
    if (this.#ended !== null) return Promise.reject(this.#ended)
    if (this.#waiting.size >= waitingMax && request.op !== 'close')
      return Promise.reject(this.#overloaded())
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId
      this.#worker.postMessage({ id, request })
      this.#waiting.set(id, { resolve, reject })
      // An idle thread must not keep a process alive, a working one must.
      this.#worker.ref()
    })
  }

  /** Waits for all requests, closes the file and ends the thread; may be called twice. */
  async close(): Promise<void> {
    if (this.#ended !== null) return
    const exit = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()))
    await this.request({ op: 'close' }).catch(() => this.#worker.terminate())
    this.#worker.ref()
    await exit
  }

  #settle(answer: WriterAnswer): void {
    const waiting = this.#waiting.get(answer.id)
    this.#waiting.delete(answer.id)
    if (this.#waiting.size === 0) this.#worker.unref()
    if (answer.ok) waiting?.resolve(answer.result)
    else if (answer.code === null) waiting?.reject(new Error(answer.message))
    else waiting?.reject(new LastpushError(answer.code, answer.message))
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const { reject } of this.#waiting.values()) reject(this.#ended)
    this.#waiting.clear()
  }

  #gone(): LastpushError {
    return new LastpushError('STORE_UNWRITABLE', `the store at ${this.#path} is closed`)
  }

  #overloaded(): LastpushError {
    return new LastpushError(
      'STORE_UNWRITABLE',
      `${waitingMax} writes wait for the disk of ${this.#path}: try again later`,
    )
  }
}

/** The event stream (server-sent events): every change that the view tells, to every open page. A
 *  client that does not read is cut when its buffer is full; its browser comes back by itself and
 *  the page then asks anew, so nothing is replayed. One heartbeat serves all, so that dead
 *  connections are noticed and proxies keep the living. */
import type { ServerResponse } from 'node:http'
import type { Clock } from '../flow/time.ts'
import type { View, ViewEvent } from './view.ts'

export const clientsMax = 200
/** What one client may leave unread. */
export const bufferBytesMax = 1_048_576
const heartbeatMs = 15_000
/** What the browser is told to wait before it comes back. */
const reconnectMs = 3_000

/** All open streams of one server. */
export class Streams {
  readonly #clients = new Set<ServerResponse>()
  readonly #ending = new AbortController()
  readonly #unsubscribe: () => void

  constructor(view: View, clock: Clock) {
    this.#unsubscribe = view.subscribe((event) => this.#send(message(event)))
    void this.#beat(clock)
  }

  /** How many clients listen. */
  get size(): number {
    return this.#clients.size
  }

  /** Takes the answer over and keeps it open; false when there are too many already. */
  open(response: ServerResponse): boolean {
    if (this.#clients.size >= clientsMax || this.#ending.signal.aborted) return false
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    })
    this.#clients.add(response)
    response.on('close', () => this.#clients.delete(response))
    response.on('error', () => this.#cut(response))
    response.write(`retry: ${reconnectMs}\n\n`)
    return true
  }

  /** Ends every stream; none opens any more. */
  close(): void {
    this.#ending.abort()
    this.#unsubscribe()
    for (const client of this.#clients) client.end()
  }

  async #beat(clock: Clock): Promise<void> {
    const beat = Buffer.from(': heartbeat\n\n')
    for (;;) {
      await clock.sleep(heartbeatMs, this.#ending.signal)
      if (this.#ending.signal.aborted) return
      this.#send(beat)
    }
  }

  /** One buffer for all clients, so that 200 slow ones share its memory. */
  #send(bytes: Buffer): void {
    for (const client of this.#clients) {
      if (client.writableLength + bytes.length > bufferBytesMax) this.#cut(client)
      else client.write(bytes)
    }
  }

  #cut(client: ServerResponse): void {
    this.#clients.delete(client)
    client.destroy()
  }
}

/** JSON has no raw line end, so one `data` line holds it. */
function message({ type, data }: ViewEvent): Buffer {
  return Buffer.from(`event: ${type}\ndata: ${JSON.stringify(data ?? null)}\n\n`)
}

/** A server on loopback that answers bulks as a test says, and everything around them as a healthy
 *  Elasticsearch would. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Outcome of one item: its status, or a refusal. */
export type Outcome = number | { readonly status: number; readonly type: string }

export interface Told {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  readonly body: string
}

/** What a test says: outcomes of a bulk in order, a whole answer, or a connection that breaks off. */
export type Reply =
  | { readonly items: (id: string) => Outcome }
  | { readonly status: number; readonly error?: string }
  | 'reset'

export class FakeElasticsearch {
  readonly told: Told[] = []
  /** id → the source that was stored last. */
  readonly stored = new Map<string, { readonly words: string }>()
  /** Answers to the next bulks, the last one for all further ones. */
  replies: Reply[] = [{ items: () => 201 }]
  /** Answers to everything but bulks, when set. */
  refusal: { readonly status: number; readonly error: string } | null = null
  product = true
  readonly #server = createServer((request, response) => void this.#answer(request, response))

  get node(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** The ids of each bulk, in order. */
  get bulks(): string[][] {
    return this.told.filter(({ path }) => path === '/_bulk').map(({ body }) => idsOf(body))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    request.setEncoding('utf8')
    for await (const part of request) body += String(part)
    const path = request.url ?? ''
    const { authorization } = request.headers
    this.told.push({ method: request.method ?? '', path, authorization, body })
    if (path !== '/_bulk') return this.#around(request, response, path)
    const reply = this.replies.length > 1 ? this.replies.shift() : this.replies[0]
    if (reply === 'reset' || reply === undefined) {
      this.#head(response, 200, { 'content-length': 10_000 })
      response.write('{"took":1,"items":[')
      return void response.destroy()
    }
    if ('status' in reply) return this.#refuse(response, reply.status, reply.error ?? 'refused')
    this.#send(response, 200, { errors: true, items: this.#store(body, reply.items) })
  }

  #store(body: string, outcome: (id: string) => Outcome): object[] {
    const sources = body.split('\n').filter((_, line) => line % 2 === 1)
    return idsOf(body).map((id, at) => {
      const given = outcome(id)
      if (typeof given === 'number') {
        if (given < 300) this.stored.set(id, JSON.parse(sources[at] ?? '') as { words: string })
        return { index: { _id: id, status: given } }
      }
      const error = { type: given.type, reason: `because of ${id}` }
      return { index: { _id: id, status: given.status, error } }
    })
  }

  #around(request: IncomingMessage, response: ServerResponse, path: string): void {
    if (this.refusal !== null) {
      return this.#refuse(response, this.refusal.status, this.refusal.error)
    }
    const isTemplate = path.startsWith('/_index_template/') && request.method === 'GET'
    if (isTemplate) return this.#refuse(response, 404, 'resource_not_found_exception')
    this.#send(response, 200, {})
  }

  #refuse(response: ServerResponse, status: number, type: string): void {
    this.#send(response, status, { error: { type, reason: 'as the test says' }, status })
  }

  #send(response: ServerResponse, status: number, body: object): void {
    this.#head(response, status, {})
    response.end(JSON.stringify(body))
  }

  #head(response: ServerResponse, status: number, more: Record<string, number>): void {
    response.writeHead(status, {
      'content-type': 'application/vnd.elasticsearch+json;compatible-with=8',
      ...(this.product ? { 'x-elastic-product': 'Elasticsearch' } : {}),
      ...more,
    })
  }
}

function idsOf(body: string): string[] {
  return body
    .split('\n')
    .filter((line, at) => at % 2 === 0 && line !== '')
    .map((line) => (JSON.parse(line) as { index: { _id: string } }).index._id)
}

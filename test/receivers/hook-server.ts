/** A web server on loopback whose answers a test chooses and whose requests it reads. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Answers 200 unless told otherwise. */
export class HookServer {
  readonly requests: { method: string; path: string; headers: IncomingMessage['headers']; body: string }[] = [] // prettier-ignore
  answer: (response: ServerResponse, request: IncomingMessage) => void = (response) => {
    response.end()
  }
  #server: Server
  #seen: () => void = () => {}

  constructor() {
    this.#server = createServer((request, response) => {
      let body = ''
      request.setEncoding('utf8')
      request.on('data', (text: string) => (body += text))
      request.on('end', () => {
        const { method = '', url: path = '', headers } = request
        this.requests.push({ method, path, headers, body })
        this.answer(response, request)
        this.#seen()
      })
    })
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Resolves when the next request has been read to its end. */
  seen(): Promise<void> {
    return new Promise((resolve) => (this.#seen = resolve))
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

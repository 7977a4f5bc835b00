/** The HTTP server: routes of the API, the stream, metrics, health and the page. It asks the View
 *  and holds nothing itself. GET never changes anything. Who may ask is decided in guard.ts before
 *  a route is looked for; there are no CORS answers, on purpose. */
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import type { Log } from '../flow/log.ts'
import type { Clock } from '../flow/time.ts'
import { Access } from './access.ts'
import { ownHosts, refusal, securityHeaders, type OwnNames } from './guard.ts'
import { bindAddress, bindError, isLoopback, originOf } from './listen.ts'
import { servePage } from './page.ts'
import {
  alertsParameters,
  eventsQuestion,
  listParameters,
  noParameters,
  ratesQuestion,
  readParameters,
  silencesParameters,
  sinceParameters,
} from './parameters.ts'
import {
  answerProblem,
  HttpError,
  problem,
  problemBody,
  problemOf,
  type Problem,
} from './problems.ts'
import { answerSignIn, asksForPage } from './sign-in.ts'
import { Streams } from './stream.ts'
import type { Health, View } from './view.ts'

const bodyBytesMax = 65_536
const headerBytesMax = 16_384
const connectionsMax = 1_000

/** Times that a client may take, ms. */
export interface ServerLimits {
  /** For all headers of a request. */
  readonly headersMs: number
  /** For the whole request. */
  readonly requestMs: number
  /** Between two requests of one connection. */
  readonly keepAliveMs: number
  /** Without a byte in either direction; above the heartbeat of the stream. */
  readonly idleMs: number
}

const usualLimits: ServerLimits = {
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 5_000,
  idleMs: 60_000,
}

export interface ServerParts {
  readonly view: View
  readonly clock: Clock
  readonly log: Log
  /** Absolute path of the built page. */
  readonly webRoot: string
  readonly limits?: ServerLimits
  /** Who must show what; nobody anything when absent. */
  readonly token?: string | null
  /** Names beside the addresses by which people reach this server, such as that of a proxy. */
  readonly names?: readonly string[]
}

/** Where the server can be reached. */
export interface Listening {
  readonly address: string
  readonly port: number
  /** Such as `http://127.0.0.1:7077`. */
  readonly origin: string
}

/** One HTTP server over one View. */
export class ApiServer {
  readonly #app: FastifyInstance
  readonly #streams: Streams
  readonly #ready: Promise<void>
  readonly #access: Access | null
  #port = 0
  #own: OwnNames

  constructor(parts: ServerParts) {
    const { token = null, names = [] } = parts
    this.#streams = new Streams(parts.view, parts.clock)
    this.#access = token === null ? null : new Access(token, parts.clock, parts.log)
    this.#own = { hosts: new Set(), names: new Set(names), anyAddress: false }
    this.#app = fastify({
      bodyLimit: bodyBytesMax,
      forceCloseConnections: true,
      serverFactory: (handler) => this.#httpServer(handler, parts.limits ?? usualLimits),
      clientErrorHandler: answerClientError,
      frameworkErrors: (error, _request, reply) => {
        void sendProblem(reply, error, parts.log)
      },
    })
    this.#ready = this.#addRoutes(parts)
    // Told to whoever listens; without this an early fault would end the process unheard.
    this.#ready.catch(() => {})
  }

  /** Binds a loopback address, or with a token any; port 0 takes a free one. */
  async listen(host: string, port: number): Promise<Listening> {
    const address = bindAddress(host, this.#access !== null)
    await this.#ready
    try {
      await this.#app.listen({ host: address, port })
    } catch (error) {
      throw bindError(error as NodeJS.ErrnoException, address, port)
    }
    const bound = this.#app.server.address() as AddressInfo
    this.#port = bound.port
    this.#own = {
      ...this.#own,
      hosts: ownHosts(address, bound.port),
      anyAddress: !isLoopback(address),
    }
    return { address, port: bound.port, origin: originOf(address, bound.port) }
  }

  /** Ends every connection. May be called twice, and without `listen`. */
  async close(): Promise<void> {
    this.#streams.close()
    // Closing while the routes are still being added would wait for ever.
    await this.#ready.catch(() => {})
    await this.#app.close()
  }

  #httpServer(handler: Parameters<typeof createHttpServer>[1], limits: ServerLimits): Server {
    const server = createHttpServer(
      {
        maxHeaderSize: headerBytesMax,
        headersTimeout: limits.headersMs,
        requestTimeout: limits.requestMs,
        keepAliveTimeout: limits.keepAliveMs,
        connectionsCheckingInterval: Math.min(limits.headersMs, 5_000),
      },
      (request, response) => {
        for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value)
        const refused = refusal(request, this.#own) ?? this.#withoutToken(request)
        if (refused === null) handler?.(request, response)
        else if (refused.code === 'TOKEN_REQUIRED' && asksForPage(request)) answerSignIn(response)
        else answerProblem(response, refused)
      },
    )
    server.setTimeout(limits.idleMs)
    server.maxConnections = connectionsMax
    // Node drops headers beyond a count without a word, a second Host among them; size bounds them.
    server.maxHeadersCount = 0
    return server
  }

  #withoutToken(request: IncomingMessage): Problem | null {
    const address = request.socket.remoteAddress ?? ''
    return this.#access?.refusal(request, this.#port, address) ?? null
  }

  async #addRoutes({ view, clock, log, webRoot }: ServerParts): Promise<void> {
    const app = this.#app
    app.setErrorHandler((error, _request, reply) => sendProblem(reply, error, log))
    app.setNotFoundHandler((_request, reply) =>
      sendProblem(reply, new HttpError('NOT_FOUND', 'there is nothing at this path'), log),
    )
    // What the page shows now must not be shown from a cache later.
    app.addHook('onRequest', async (_request, reply) => {
      reply.header('cache-control', 'no-store')
    })
    addQuestions(app, view, clock)
    addSilences(app, view)
    addProbes(app, view)
    this.#addStream(app)
    this.#addSession(app)
    await servePage(app, webRoot)
  }

  /** For the page: a cookie in place of the token, which has let this request through. */
  #addSession(app: FastifyInstance): void {
    app.post('/api/v1/session', async ({ query, headers }, reply) => {
      readParameters(noParameters, query)
      const access = this.#access
      if (access === null) throw new HttpError('NOT_FOUND', 'this server asks for no token')
      return reply.code(204).header('set-cookie', access.sessionCookie(headers, this.#port)).send()
    })
  }

  #addStream(app: FastifyInstance): void {
    app.get('/api/v1/stream', { exposeHeadRoute: false }, (request, reply) => {
      readParameters(noParameters, request.query)
      if (!this.#streams.open(reply.raw)) {
        throw new HttpError('TOO_MANY_STREAMS', 'too many pages listen already; close some')
      }
      reply.hijack()
    })
  }
}

function addQuestions(app: FastifyInstance, view: View, clock: Clock): void {
  app.get('/api/v1/status', ({ query }) => {
    readParameters(noParameters, query)
    return view.status()
  })
  app.get('/api/v1/sources', ({ query }) => {
    readParameters(noParameters, query)
    return view.sources()
  })
  app.get('/api/v1/alerts', ({ query }) => view.alerts(readParameters(alertsParameters, query)))
  app.get('/api/v1/deploys', ({ query }) => view.deploys(readParameters(listParameters, query)))
  app.get('/api/v1/signatures', ({ query }) =>
    view.signatures(readParameters(listParameters, query)),
  )
  app.get('/api/v1/since', ({ query }) => view.since(readParameters(sinceParameters, query)))
  app.get('/api/v1/rates', ({ query }) => view.rates(ratesQuestion(query, clock.now())))
  app.get('/api/v1/events', ({ query }) => view.events(eventsQuestion(query)))
  app.post('/api/v1/deploys', async (request, reply) => {
    readParameters(noParameters, request.query)
    return reply.code(201).send(await view.report(request.body))
  })
}

function addSilences(app: FastifyInstance, view: View): void {
  app.get('/api/v1/silences', ({ query }) =>
    view.silences(readParameters(silencesParameters, query)),
  )
  app.post('/api/v1/silences', async (request, reply) => {
    readParameters(noParameters, request.query)
    return reply.code(201).send(await view.addSilence(request.body))
  })
  app.post<{ Params: { id: string } }>('/api/v1/silences/:id/end', ({ params, query }) => {
    readParameters(noParameters, query)
    return view.endSilence(params.id)
  })
}

function addProbes(app: FastifyInstance, view: View): void {
  app.get('/metrics', async (_request, reply) =>
    reply.type('text/plain; version=0.0.4; charset=utf-8').send(await view.metricsText()),
  )
  app.get('/-/healthy', (_request, reply) => sendHealth(reply, view.health()))
  app.get('/-/ready', (_request, reply) => sendHealth(reply, view.ready()))
}

function sendHealth(reply: FastifyReply, health: Health): FastifyReply {
  return reply.code(health.ok ? 200 : 503).send(health)
}

function sendProblem(reply: FastifyReply, error: unknown, log: Log): FastifyReply {
  const found = problemOf(error, log)
  return reply
    .code(found.status)
    .type('application/json; charset=utf-8')
    .header('cache-control', 'no-store')
    .send(problemBody(found))
}

/** Answers bytes that are no HTTP request, or one that is too large or too slow. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const known =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? problem('HEADERS_TOO_LARGE', 'the headers are larger than 16 KiB')
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? problem('TIMEOUT', 'the request took too long')
        : problem('BAD_REQUEST', 'this is no HTTP request')
  const body = JSON.stringify(problemBody(known))
  const head = [
    `HTTP/1.1 ${known.status} ${known.code}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'x-content-type-options: nosniff',
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}

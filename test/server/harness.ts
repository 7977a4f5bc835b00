/** A server over a view whose answers a test sets, and a client that sends what no browser would. */
import { once } from 'node:events'
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { Log } from '../../src/flow/log.ts'
import { ManualClock } from '../../src/flow/time.ts'
import type { Alert } from '../../src/model/alert.ts'
import type { Deploy } from '../../src/model/deploy.ts'
import type { Verdict } from '../../src/model/verdict.ts'
import {
  ApiServer,
  type Listening,
  type ServerLimits,
  type ServerParts,
} from '../../src/server/api.ts'
import type {
  Events,
  Health,
  Rates,
  SilenceRow,
  TakenSilence,
  SignatureRow,
  SourceStatus,
  Status,
  View,
  ViewEvent,
} from '../../src/server/view.ts'
import { badPush, firing } from '../receivers/samples.ts'

/** 2026-03-01T12:00:00Z, where the clock stands. */
export const nowMs = Date.UTC(2026, 2, 1, 12)

/** The one silence of the view, and the answer to who adds it. */
export const silenceRow: SilenceRow = {
  id: '5f2c0a1b',
  query: 'service:web',
  startsAt: '2026-03-01T11:00:00.000Z',
  endsAt: '2026-03-01T13:00:00.000Z',
  by: 'alice',
  comment: 'moving the database',
  state: 'active',
}
export const takenSilence: TakenSilence = { ...silenceRow, firing: 3, picked: 1 }

/** Answers what it is set to and keeps what it was asked. */
export class SetView implements View {
  readonly asked: [string, unknown][] = []
  readonly listeners = new Set<(event: ViewEvent) => void>()
  shownAlerts: readonly Alert[] = [firing]
  shownHealth: Health = { ok: true, reasons: [] }
  shownReadiness: Health = { ok: true, reasons: [] }
  onReport: (deploy: unknown) => Promise<Deploy> = () => Promise.resolve(badPush)
  failure: Error | null = null

  async status(): Promise<Status> {
    this.#ask('status', null)
    return {
      version: '0.1.0',
      sources: [],
      parsers: ['plain'],
      rules: [],
      alerts: { firing: 1, pending: 0 },
      deploys: 1,
      silences: 0,
      store: { path: 'state.db', id: '0123456789abcdef', schemaVersion: 1, bytes: 0, commits: 0, backlog: 0, backlogDropped: 0, synchronous: 2 }, // prettier-ignore
      index: { kind: 'sqlite', fault: null },
      receivers: [],
      unread: [],
    }
  }

  async sources(): Promise<readonly SourceStatus[]> {
    this.#ask('sources', null)
    return []
  }

  async alerts(question: unknown): Promise<readonly Alert[]> {
    this.#ask('alerts', question)
    return this.shownAlerts
  }

  async deploys(question: unknown): Promise<readonly Deploy[]> {
    this.#ask('deploys', question)
    return [badPush]
  }

  async signatures(question: unknown): Promise<readonly SignatureRow[]> {
    this.#ask('signatures', question)
    return []
  }

  async since(question: unknown): Promise<Verdict> {
    this.#ask('since', question)
    return { deploy: badPush, state: 'early', sources: [], items: [] }
  }

  async rates(question: unknown): Promise<Rates> {
    this.#ask('rates', question)
    return { from: '', to: '', step: 1, times: [], requests: [], errors: [] }
  }

  async events(question: unknown): Promise<Events> {
    this.#ask('events', question)
    return { events: [], total: 0, next: null }
  }

  async report(deploy: unknown): Promise<Deploy> {
    this.#ask('report', deploy)
    return this.onReport(deploy)
  }

  async silences(question: unknown): Promise<readonly SilenceRow[]> {
    this.#ask('silences', question)
    return [silenceRow]
  }

  async addSilence(silence: unknown): Promise<TakenSilence> {
    this.#ask('addSilence', silence)
    return takenSilence
  }

  async endSilence(id: string): Promise<SilenceRow> {
    this.#ask('endSilence', id)
    return { ...silenceRow, state: 'ended' }
  }

  async metricsText(): Promise<string> {
    return '# TYPE lastpush_lines_total counter\nlastpush_lines_total 7\n'
  }

  health(): Health {
    return this.shownHealth
  }

  ready(): Health {
    return this.shownReadiness
  }

  subscribe(listener: (event: ViewEvent) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  tell(event: ViewEvent): void {
    for (const listener of this.listeners) listener(event)
  }

  #ask(name: string, question: unknown): void {
    this.asked.push([name, question])
    if (this.failure !== null) throw this.failure
  }
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface Asked {
  readonly method?: string
  readonly headers?: Record<string, string | string[]>
  readonly body?: string
}

/** A running server with its view, clock and log, on a free port of 127.0.0.1. */
export class Harness {
  readonly view = new SetView()
  readonly clock = new ManualClock(nowMs)
  readonly logged: string[] = []
  readonly loggedFacts: object[] = []
  readonly server: ApiServer
  at: Listening = { address: '', port: 0, origin: '' }

  constructor(
    webRoot = '/nonexistent',
    limits?: ServerLimits,
    guarded: Pick<ServerParts, 'token' | 'names'> = {},
  ) {
    const keep = (facts: object, message: string) => {
      this.logged.push(message)
      this.loggedFacts.push(facts)
    }
    const log: Log = { debug: keep, info: keep, warn: keep, error: keep }
    const { view, clock } = this
    this.server = new ApiServer({
      view,
      clock,
      log,
      webRoot,
      ...guarded,
      ...(limits === undefined ? {} : { limits }),
    })
  }

  async start(host = '127.0.0.1'): Promise<this> {
    this.at = await this.server.listen(host, 0)
    return this
  }

  /** One request with exactly these headers; the path is sent as it is. */
  async ask(path: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Answer> {
    const response = await this.open(path, { method, headers, ...(body === undefined ? {} : { body }) }) // prettier-ignore
    response.setEncoding('utf8')
    let text = ''
    for await (const part of response) text += String(part)
    return { status: response.statusCode ?? 0, headers: response.headers, text }
  }

  /** Like `ask`, but hands over the answer before its body has come. */
  async open(path: string, { method = 'GET', headers = {}, body }: Asked = {}) {
    const { address: host, port } = this.at
    const sent = request({ host, port, path, method, headers, agent: false })
    sent.end(body)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    return response
  }

  /** Sends bytes on a bare connection; all that comes back until the server closes it. */
  async raw(bytes: string): Promise<string> {
    const socket = connect(this.at.port, this.at.address)
    socket.setEncoding('latin1')
    let text = ''
    socket.on('data', (part) => (text += String(part)))
    // The server may close while we still write; what it answered before counts.
    socket.on('error', () => {})
    socket.write(bytes)
    await once(socket, 'close')
    return text
  }

  postDeploy(body: string, headers: Record<string, string> = {}): Promise<Answer> {
    const sent = { 'content-type': 'application/json', ...headers }
    return this.ask('/api/v1/deploys', { method: 'POST', headers: sent, body })
  }
}

/** The code of a problem's answer. */
export function codeOf({ text }: Answer): string {
  return (JSON.parse(text) as { error: { code: string } }).error.code
}

/** The sentence of a problem's answer. */
export function messageOf({ text }: Answer): string {
  return (JSON.parse(text) as { error: { message: string } }).error.message
}

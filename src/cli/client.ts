/** Talks to the daemon over its HTTP API: `--server`, else $LASTPUSH_SERVER, else the address that a
 *  daemon has left in its data directory. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { errorCodes, LastpushError, type ErrorCode, type Fault } from '../model/errors.ts'

/** A daemon that does not answer within this time is taken for away, ms. */
const timeLimitMs = 10_000

export interface ServerChoice {
  readonly server?: string | undefined
  readonly dataDir: string
  readonly env: NodeJS.ProcessEnv
}

export class Client {
  readonly origin: string

  constructor(origin: string) {
    this.origin = origin.replace(/\/+$/, '')
  }

  /** @param path Below /api/v1. */
  get(path: string): Promise<unknown> {
    return this.#call(path, {})
  }

  post(path: string, body: unknown): Promise<unknown> {
    return this.#call(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  }

  async #call(path: string, init: RequestInit): Promise<unknown> {
    let response: Response
    try {
      response = await fetch(`${this.origin}/api/v1${path}`, {
        ...init,
        signal: AbortSignal.timeout(timeLimitMs),
      })
    } catch (cause) {
      const why = cause instanceof Error ? (cause.cause ?? cause) : cause
      throw new LastpushError(
        'SERVER_UNREACHABLE',
        `no answer from ${this.origin}: ${why instanceof Error ? why.message : String(why)}`,
        { cause },
      )
    }
    const answer: unknown = await response.json().catch(() => null)
    if (response.ok) return answer
    throw refusal(answer) ?? new LastpushError('SERVER_UNREACHABLE', `${this.origin} answered ${response.status}`) // prettier-ignore
  }
}

/** The error that the daemon told; null when its answer is none. */
function refusal(answer: unknown): LastpushError | null {
  const told = (answer as { error?: { code?: string; message?: string; faults?: Fault[] } } | null)
    ?.error
  if (told?.message === undefined) return null
  const code = told.code !== undefined && told.code in errorCodes ? (told.code as ErrorCode) : null
  const other = told.code === 'PARAMETER_INVALID' ? 'USAGE' : 'SERVER_UNREACHABLE'
  return new LastpushError(code ?? other, told.message, { faults: told.faults ?? [] })
}

/** The daemon to talk to; null when none is known. A named server is taken at its word; one that is
 *  only remembered in the data directory must answer. */
export async function findDaemon(choice: ServerChoice): Promise<Client | null> {
  const named = choice.server ?? choice.env['LASTPUSH_SERVER']
  if (named !== undefined && named !== '') return new Client(named)
  try {
    const text = readFileSync(join(choice.dataDir, 'daemon.json'), 'utf8')
    const client = new Client((JSON.parse(text) as { origin: string }).origin)
    const healthy = await fetch(`${client.origin}/-/healthy`, {
      signal: AbortSignal.timeout(2_000),
    })
    await healthy.body?.cancel()
    return client
  } catch {
    return null
  }
}

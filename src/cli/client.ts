/** Talks to the daemon over its HTTP API: `--server`, else $LASTPUSH_SERVER, else the address that a
 *  daemon has left in its data directory. Its token: `--token-file`, else $LASTPUSH_TOKEN_FILE, else
 *  $LASTPUSH_TOKEN, else the file that the daemon itself names in that directory. A server that was
 *  named gets no token but one that was given for it. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SecretPlace } from '../flow/secret.ts'
import { errorCodes, LastpushError, type ErrorCode, type Fault } from '../model/errors.ts'
import { readToken } from '../server/token.ts'

/** A daemon that does not answer within this time is taken for away, ms. */
const timeLimitMs = 10_000

export interface ServerChoice {
  readonly server?: string | undefined
  readonly tokenFile?: string | undefined
  readonly dataDir: string
  readonly env: NodeJS.ProcessEnv
}

/** For every command that asks a daemon. */
export const tokenFileOption = [
  '--token-file <file>',
  "file with the daemon's token; default $LASTPUSH_TOKEN_FILE, else the file it is set up with",
] as const

export class Client {
  readonly origin: string
  readonly #token: string | null

  constructor(origin: string, token: string | null) {
    this.origin = origin.replace(/\/+$/, '')
    this.#token = token
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

  #authorization(): Record<string, string> {
    return this.#token === null ? {} : { authorization: `Bearer ${this.#token}` }
  }

  async #call(
    path: string,
    init: { method?: string; headers?: Record<string, string>; body?: string },
  ): Promise<unknown> {
    let response: Response
    try {
      response = await fetch(`${this.origin}/api/v1${path}`, {
        ...init,
        headers: { ...init.headers, ...this.#authorization() },
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
  if (told.code === 'TOKEN_REQUIRED') return tokenRequired()
  const code = told.code !== undefined && told.code in errorCodes ? (told.code as ErrorCode) : null
  const other = told.code === 'PARAMETER_INVALID' ? 'USAGE' : 'SERVER_UNREACHABLE'
  return new LastpushError(code ?? other, told.message, { faults: told.faults ?? [] })
}

function tokenRequired(): LastpushError {
  return new LastpushError(
    'TOKEN_REQUIRED',
    'the daemon asks for its token: name the file by --token-file or $LASTPUSH_TOKEN_FILE',
  )
}

/** The daemon to talk to; null when none is known. A named server is taken at its word; one that is
 *  only remembered in the data directory must answer. @throws LastpushError TOKEN_UNUSABLE */
export async function findDaemon(choice: ServerChoice): Promise<Client | null> {
  const named = choice.server ?? choice.env['LASTPUSH_SERVER']
  const given = givenToken(choice)
  if (named !== undefined && named !== '') return new Client(named, await tokenAt(given))
  const facts = await announced(choice.dataDir)
  if (facts === null) return null
  const told = facts.tokenFile === undefined ? null : { file: facts.tokenFile }
  return new Client(facts.origin, await tokenAt(given ?? told))
}

function givenToken({ tokenFile, env }: ServerChoice): SecretPlace | null {
  const file = tokenFile ?? env['LASTPUSH_TOKEN_FILE']
  if (file !== undefined && file !== '') return { file }
  return env['LASTPUSH_TOKEN'] ? { env: 'LASTPUSH_TOKEN' } : null
}

async function tokenAt(place: SecretPlace | null): Promise<string | null> {
  return place === null ? null : readToken(place)
}

/** What a daemon has left in its data directory, if it answers. */
async function announced(dataDir: string): Promise<{ origin: string; tokenFile?: string } | null> {
  try {
    const text = readFileSync(join(dataDir, 'daemon.json'), 'utf8')
    const facts = JSON.parse(text) as { origin: string; tokenFile?: string }
    const healthy = await fetch(`${facts.origin}/-/healthy`, {
      signal: AbortSignal.timeout(2_000),
    })
    await healthy.body?.cancel()
    return facts
  } catch {
    return null
  }
}

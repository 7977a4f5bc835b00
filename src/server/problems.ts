/** Every answer that is not what was asked for: one JSON shape, `{error: {code, message, faults}}`,
 *  whatever went wrong. Codes are those of model/errors.ts and the table below; what lastpush did
 *  not raise on purpose is logged and told to nobody, since its text may hold anything. */
import type { ServerResponse } from 'node:http'
import type { Log } from '../flow/log.ts'
import { LastpushError, type ErrorCode, type Fault } from '../model/errors.ts'
import { ParameterError } from './parameters.ts'
import { wrongTokenEveryMs } from './wrong-tokens.ts'

/** HTTP status by code, for the codes that HTTP alone knows. */
const httpCodes = {
  BAD_REQUEST: 400,
  PARAMETER_INVALID: 400,
  TOKEN_REQUIRED: 401,
  ORIGIN_REFUSED: 403,
  NOT_FOUND: 404,
  METHOD_REFUSED: 405,
  TIMEOUT: 408,
  BODY_TOO_LARGE: 413,
  MEDIA_TYPE_REFUSED: 415,
  HOST_REFUSED: 421,
  TOO_MANY_WRONG_TOKENS: 429,
  HEADERS_TOO_LARGE: 431,
  INTERNAL: 500,
  TOO_MANY_STREAMS: 503,
} as const

export type HttpCode = keyof typeof httpCodes

export interface Problem {
  readonly status: number
  readonly code: ErrorCode | HttpCode
  readonly message: string
  readonly faults: readonly Fault[]
}

/** Raised inside the server to end a request with a code of the table. */
export class HttpError extends Error {
  readonly code: HttpCode

  constructor(code: HttpCode, message: string) {
    super(message)
    this.code = code
  }
}

export function problem(code: HttpCode, message: string): Problem {
  return { status: httpCodes[code], code, message, faults: [] }
}

/** What to answer for an error. */
export function problemOf(error: unknown, log: Log): Problem {
  if (error instanceof HttpError) return problem(error.code, error.message)
  if (error instanceof ParameterError) return problem('PARAMETER_INVALID', error.message)
  if (error instanceof LastpushError) {
    const { code, message, faults } = error
    return { status: statusOf(error), code, message, faults }
  }
  const status = (error as { statusCode?: unknown }).statusCode
  if (status === 413) return problem('BODY_TOO_LARGE', 'the body is larger than 64 KiB')
  if (status === 415) return problem('MEDIA_TYPE_REFUSED', 'send content-type: application/json')
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return problem('BAD_REQUEST', (error as Error).message)
  }
  const facts = error instanceof Error ? { error: error.message, stack: error.stack } : { error }
  log.error(facts, 'a request failed inside')
  return problem('INTERNAL', 'lastpush failed inside; its log has the reason')
}

/** The body of a problem's answer. */
export function problemBody({ code, message, faults }: Problem): object {
  return { error: { code, message, faults } }
}

/** What HTTP wants beside a status. */
const moreHeaders: Readonly<Record<number, Readonly<Record<string, string>>>> = {
  401: { 'www-authenticate': 'Bearer realm="lastpush"' },
  405: { allow: 'GET, HEAD, POST' },
  429: { 'retry-after': String(wrongTokenEveryMs / 1_000) },
}

/** Answers below the routes, where only the bare response is there. The body that may still be
 *  coming is not read: the connection closes. */
export function answerProblem(response: ServerResponse, refused: Problem): void {
  response.writeHead(refused.status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    connection: 'close',
    ...moreHeaders[refused.status],
  })
  response.end(JSON.stringify(problemBody(refused)))
}

function statusOf(error: LastpushError): number {
  return error.exitCode === 2 ? 400 : error.retryable ? 503 : 500
}

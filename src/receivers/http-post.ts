/** One POST of JSON to a configured address, as every receiver that speaks HTTP sends it. Redirects
 *  are not followed, and the reply is not believed beyond its status and Retry-After, so that
 *  neither a log line nor a receiver can steer a request. What is sent is the receiver's. */
import type { Clock } from '../flow/time.ts'
import { cut } from './headline.ts'
import type { Outcome } from './receiver.ts'

/** For the whole attempt, from look-up to the end of the reply. */
const timeLimitMs = 10_000
/** What is read of a reply, so that the connection can serve again; the rest is cut off. */
const replyBytesMax = 65_536
/** What is kept of a reply for `explain`. */
const replyCharactersKept = 4_096
const explanationCharactersMax = 200
const retryAfterMinMs = 1_000
const retryAfterMaxMs = 600_000

/** Statuses below 500 that say "later", after RFC 9110, RFC 8470 and RFC 6585. */
const laterStatuses: ReadonlySet<number> = new Set([408, 425, 429])

/** Where to post, with the credentials taken out of the address. */
export interface Target {
  readonly url: URL
  readonly authorization: string | null
}

export interface JsonPost {
  readonly target: Target
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
  readonly key: string
  readonly clock: Clock
  readonly signal: AbortSignal
  /** The address for people, without secrets; opens every error. */
  readonly address: string
  /** What a refusal says in its reply, for people; null when it says nothing they should see. */
  readonly explain?: (reply: string) => string | null
}

/** null when the text is no http or https address. */
export function parseTarget(text: string): Target | null {
  if (!URL.canParse(text)) return null
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null
  if (url.username === '' && url.password === '') return { url, authorization: null }
  // fetch refuses addresses with credentials; a header carries them instead.
  const pair = `${decode(url.username)}:${decode(url.password)}`
  url.username = ''
  url.password = ''
  return { url, authorization: `Basic ${Buffer.from(pair).toString('base64')}` }
}

/** A target whose secret may travel: https, or http that does not leave this machine. */
export function isPrivate({ url }: Target): boolean {
  return url.protocol === 'https:' || isLoopback(url.hostname.replace(/^\[|\]$/g, ''))
}

/** True for names and addresses of this machine itself. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** One attempt; never throws. Any status from 200 to 299 is a yes. */
export async function postJson(given: JsonPost): Promise<Outcome> {
  const { target, body, clock, signal, address } = given
  const done = new AbortController()
  const limit = new AbortController()
  void clock.sleep(timeLimitMs, done.signal).then(() => limit.abort())
  const stop = AbortSignal.any([signal, limit.signal])
  try {
    const headers = requestHeaders(given)
    const request = { method: 'POST', headers, body, redirect: 'manual', signal: stop } as const
    const response = await fetch(target.url, request)
    return judge(response, await drain(response), given)
  } catch (error) {
    const why = signal.aborted
      ? 'stopped'
      : limit.signal.aborted
        ? `no answer within ${timeLimitMs / 1_000} s`
        : reason(error)
    return { ok: false, retry: true, error: `${address}: ${why}` }
  } finally {
    done.abort()
  }
}

function requestHeaders({ target, headers: extra = {}, key }: JsonPost): Headers {
  const headers = new Headers({
    'content-type': 'application/json',
    'user-agent': 'lastpush',
    'accept-encoding': 'identity',
  })
  if (target.authorization !== null) headers.set('authorization', target.authorization)
  for (const [name, value] of Object.entries(extra)) headers.set(name, value)
  headers.set('idempotency-key', key)
  return headers
}

/** Reads a reply up to its bound and returns its start. Its status has been said, so no fault here
 *  counts. */
async function drain(response: Response): Promise<string> {
  const reader = response.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined
  if (reader === undefined) return ''
  const decoder = new TextDecoder()
  let text = ''
  try {
    for (let read = 0; read < replyBytesMax;) {
      const { done, value } = await reader.read()
      if (done) return text
      read += value.byteLength
      if (text.length < replyCharactersKept) text += decoder.decode(value, { stream: true })
    }
    await reader.cancel()
  } catch {
    // A reply that breaks off changes nothing about the status before it.
  }
  return text
}

function judge(response: Response, reply: string, { address, clock, explain }: JsonPost): Outcome {
  const { status } = response
  if (status >= 200 && status < 300) return { ok: true }
  const said = explain?.(reply.slice(0, replyCharactersKept)) ?? null
  const because = said === null ? '' : `: ${cut(said, explanationCharactersMax)}`
  const error = `${address} answered ${status}${because}`
  if (status < 500 && !laterStatuses.has(status)) return { ok: false, retry: false, error }
  const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), clock.now())
  return { ok: false, retry: true, error, ...(retryAfterMs === null ? {} : { retryAfterMs }) }
}

/** Retry-After (RFC 9110, 10.2.3) in ms, within 1 s and 10 min; null when it is absent or no sense
 *  can be made of it. Only the date form that senders must use is read: Date.parse takes nearly
 *  anything for a date, "-1" among it. */
export function parseRetryAfter(text: string | null, nowMs: number): number | null {
  if (text === null) return null
  const isDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : isDate ? Date.parse(text) - nowMs : NaN
  if (Number.isNaN(ms)) return null
  return Math.min(Math.max(ms, retryAfterMinMs), retryAfterMaxMs)
}

/** What the network said. Addresses in it are host and port, never the path or the query. */
function reason(error: unknown): string {
  const cause = (error as Error).cause
  if (cause instanceof AggregateError) return reason({ cause: cause.errors[0] as unknown })
  if (cause instanceof Error) return cause.message
  return error instanceof Error ? error.message : 'unknown error'
}

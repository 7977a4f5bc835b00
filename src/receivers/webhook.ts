/** Posts notifications as Alertmanager's webhook body, version 4, so that whatever reads
 *  Alertmanager reads lastpush; what that form has no room for stands under `lastpush`. The address
 *  comes from the configuration alone, redirects are not followed, and the reply is not believed
 *  beyond its status, so that neither a log line nor a receiver can steer a request. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { Clock } from '../flow/time.ts'
import type { Outcome, Page, Receiver, ReceiverContext, ReceiverType } from './receiver.ts'
import { webhookBody } from './webhook-body.ts'

/** For the whole attempt, from look-up to the end of the reply. */
const timeLimitMs = 10_000
/** What is read of a reply, so that the connection can serve again; the rest is cut off. */
const replyBytesMax = 65_536
const retryAfterMinMs = 1_000
const retryAfterMaxMs = 600_000

/** Statuses below 500 that say "later", after RFC 9110, RFC 8470 and RFC 6585. */
const laterStatuses: ReadonlySet<number> = new Set([408, 425, 429])

/** Headers that frame the request or are ours to set. */
const reservedHeaders: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'idempotency-key',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

// A token and a field value of RFC 9110: no CR, LF or NUL can pass.
const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is no header name')
  .refine((name) => !reservedHeaders.has(name.toLowerCase()), 'is set by lastpush itself')
const headerValue = z
  .string()
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'has characters that a header cannot hold')

const options = z
  .strictObject({
    url: z
      .string()
      .refine((text) => parseTarget(text) !== null, 'must be an http or https address')
      .optional(),
    url_file: z.string().min(1).optional(),
    headers: z.record(headerName, headerValue).default({}),
    max_alerts: z.int().min(1).max(10_000).default(200),
  })
  .refine(({ url, url_file }) => (url === undefined) !== (url_file === undefined), {
    message: 'needs either url or url_file',
  })

export type WebhookOptions = z.output<typeof options>

/** The receiver type `webhook`. */
export const webhookType: ReceiverType<WebhookOptions> = {
  kind: 'webhook',
  doc: "Posts each notification as JSON in the form of Alertmanager's webhook, version 4.",
  example: 'receivers:\n  hook: { webhook: { url: https://hooks.example.com/lastpush } }',
  options,
  create: createWebhook,
}

/** Where to post, with the credentials taken out of the address. */
interface Target {
  readonly url: URL
  readonly authorization: string | null
}

function createWebhook(name: string, chosen: WebhookOptions, context: ReceiverContext): Receiver {
  const fixed = chosen.url === undefined ? null : parseTarget(chosen.url)
  const address =
    fixed === null
      ? `the address in ${chosen.url_file ?? ''}`
      : fixed.url.origin + fixed.url.pathname
  return {
    name,
    address,
    render: (page: Page) => webhookBody(page, chosen.max_alerts),
    async send(body, key, signal) {
      const target = fixed ?? (await targetFromFile(chosen.url_file ?? ''))
      if (typeof target === 'string') return { ok: false, retry: true, error: target }
      const headers = requestHeaders(target, chosen.headers, key)
      return post(target.url, headers, body, context.clock, signal, address)
    },
  }
}

/** Read at each attempt, so that a renewed secret needs no restart. A string is the fault. */
async function targetFromFile(path: string): Promise<Target | string> {
  try {
    const target = parseTarget((await readFile(path, 'utf8')).trim())
    return target ?? `${path} must hold one http or https address`
  } catch (error) {
    return `${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`
  }
}

/** null when the text is no http or https address. */
function parseTarget(text: string): Target | null {
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

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function requestHeaders(
  target: Target,
  extra: Readonly<Record<string, string>>,
  key: string,
): Headers {
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

async function post(
  url: URL,
  headers: Headers,
  body: string,
  clock: Clock,
  signal: AbortSignal,
  address: string,
): Promise<Outcome> {
  const done = new AbortController()
  const limit = new AbortController()
  void clock.sleep(timeLimitMs, done.signal).then(() => limit.abort())
  const stop = AbortSignal.any([signal, limit.signal])
  try {
    const request = { method: 'POST', headers, body, redirect: 'manual', signal: stop } as const
    const response = await fetch(url, request)
    await drain(response)
    return judge(response, clock.now(), address)
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

/** Reads and forgets a reply up to its bound. Its status has been said, so no fault here counts. */
async function drain(response: Response): Promise<void> {
  const reader = response.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined
  if (reader === undefined) return
  try {
    for (let read = 0; read < replyBytesMax;) {
      const { done, value } = await reader.read()
      if (done) return
      read += value.byteLength
    }
    await reader.cancel()
  } catch {
    // A reply that breaks off changes nothing about the status before it.
  }
}

function judge(response: Response, nowMs: number, address: string): Outcome {
  const { status } = response
  if (status >= 200 && status < 300) return { ok: true }
  const error = `${address} answered ${status}`
  if (status < 500 && !laterStatuses.has(status)) return { ok: false, retry: false, error }
  const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), nowMs)
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

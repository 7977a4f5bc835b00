/** Who may ask: decides on each request from its head alone, before any routing, so that no route,
 *  static file or error page can be forgotten. A browser is the attacker's tool here: a page of
 *  another site must neither read (Host against DNS rebinding, Origin, no CORS answer ever) nor
 *  change (content type, Sec-Fetch-Site). Who has shown the token is decided in access.ts. */
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { problem, type Problem } from './problems.ts'

/** What is read of a request. */
export type RequestHead = Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'rawHeaders'>

/** Sent with every answer. Styles are set through the CSSOM, so no 'unsafe-inline' is needed. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'self'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** The names under which this machine reaches itself; 0.0.0.0 is not among them on purpose: a
 *  browser sends it for pages of other origins. */
const ownNames = ['127.0.0.1', 'localhost', '[::1]']
const unspecified: ReadonlySet<string> = new Set(['0.0.0.0', '[::]'])

const allowedMethods: readonly (string | undefined)[] = ['GET', 'HEAD', 'POST']

/** What a Host may name. */
export interface OwnNames {
  /** Whole values, with the port where one is needed. */
  readonly hosts: ReadonlySet<string>
  /** Names from the configuration, taken with any port and scheme: those of a proxy in front. */
  readonly names: ReadonlySet<string>
  /** The server is bound beyond loopback. Then any address may stand for it, as behind a port that
   *  is mapped; what DNS rebinding needs is a name. */
  readonly anyAddress: boolean
}

/** Values of Host that mean this server; without a port only where HTTP's own port is ours. */
export function ownHosts(boundAddress: string, port: number): ReadonlySet<string> {
  const bound = boundAddress.includes(':') ? `[${boundAddress}]` : boundAddress
  const names = unspecified.has(bound) ? ownNames : [...ownNames, bound]
  const hosts = names.map((name) => `${name}:${port}`)
  return new Set(port === 80 ? [...hosts, ...names] : hosts)
}

/** null lets the request through. */
export function refusal(head: RequestHead, own: OwnNames): Problem | null {
  return refusedHost(head, own) ?? refusedOrigin(head, own) ?? refusedForm(head)
}

function refusedHost(head: RequestHead, own: OwnNames): Problem | null {
  // `headers` keeps the first of several Host fields; what a proxy kept is unknown.
  const given = head.rawHeaders.filter((name, at) => at % 2 === 0 && /^host$/i.test(name)).length
  const host = head.headers.host?.toLowerCase()
  if (given === 1 && host !== undefined && isOwn(host, own)) return null
  const { hosts, names, anyAddress } = own
  const taken = [...hosts, ...names, ...(anyAddress ? ['its addresses'] : [])]
  return problem('HOST_REFUSED', `this server answers only to ${taken.join(', ')}`)
}

function isOwn(host: string, { hosts, names, anyAddress }: OwnNames): boolean {
  if (hosts.has(host)) return true
  const [, name = ''] = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/.exec(host) ?? []
  if (names.has(name)) return true
  return anyAddress && isIP(name.replace(/^\[(.*)\]$/, '$1')) !== 0 && !unspecified.has(name)
}

function refusedOrigin({ headers }: RequestHead, own: OwnNames): Problem | null {
  const { origin } = headers
  if (origin === undefined) return null
  const [, scheme, host = ''] = /^(https?):\/\/(.+)$/.exec(origin.toLowerCase()) ?? []
  if (scheme === 'http' && own.hosts.has(host)) return null
  // Whatever was taken as Host: a page of the same one is this server's own, also behind TLS.
  const isBeyond = own.anyAddress || own.names.size > 0
  if (isBeyond && host === headers.host?.toLowerCase()) return null
  const message = 'pages of other origins may not use this server'
  return problem('ORIGIN_REFUSED', message)
}

function refusedForm({ method, url, headers }: RequestHead): Problem | null {
  if (!allowedMethods.includes(method)) {
    const message = 'only GET, HEAD and POST are understood'
    return problem('METHOD_REFUSED', message)
  }
  if (url?.startsWith('/') !== true) {
    return problem('BAD_REQUEST', 'the request target must be a path')
  }
  return method === 'POST' ? refusedChange(headers) : null
}

/** A form or a simple cross-site fetch cannot send JSON without asking first. */
function refusedChange(headers: RequestHead['headers']): Problem | null {
  const site = headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    const message = 'a change may only come from this page or from outside a browser'
    return problem('ORIGIN_REFUSED', message)
  }
  const type = headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/json' || headers['content-encoding'] !== undefined) {
    const message = 'send the body as plain JSON with content-type: application/json'
    return problem('MEDIA_TYPE_REFUSED', message)
  }
  return null
}

/** A mail server on loopback with certificates of its own, and a reader of the mails it took. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

/** A self-signed certificate in a folder of its own. */
export class Certificate {
  readonly #dir = mkdtempSync(join(tmpdir(), 'certificate-'))
  readonly file = join(this.#dir, 'cert.pem')

  /** @param days Below zero: it has ended that many days ago. */
  constructor(host: string, days: number) {
    const path = (name: string): string => join(this.#dir, name)
    const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' })
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    writeFileSync(path('ext'), `subjectAltName=DNS:${host}\n`)
    openssl('req', '-new', ...curve, '-keyout', path('key.pem'), '-out', path('request.pem'), '-subj', `/CN=${host}`) // prettier-ignore
    openssl('x509', '-req', '-in', path('request.pem'), '-signkey', path('key.pem'), '-days', `${days}`, '-extfile', path('ext'), '-out', this.file) // prettier-ignore
  }

  get pair(): { readonly key: string; readonly cert: string } {
    return {
      key: readFileSync(join(this.#dir, 'key.pem'), 'utf8'),
      cert: readFileSync(this.file, 'utf8'),
    }
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true })
  }
}

/** A mail as the server took it. */
export interface Mail {
  readonly from: string
  readonly to: readonly string[]
  readonly raw: string
}

/** A refusal as the hooks of the server give it. */
export function reply(code: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode: code })
}

export type Hooks = Pick<
  SMTPServerOptions,
  'onConnect' | 'onMailFrom' | 'onRcptTo' | 'onAuth' | 'disabledCommands' | 'secure' | 'maxVersion'
> & {
  /** Said after DATA; null takes the mail. */
  readonly afterData?: () => Error | null
  /** Instead of an answer after DATA the connection is cut. */
  readonly cutAfterData?: () => boolean
}

/** Takes mails of the user `lastpush` with the password `s3cret` unless its hooks say otherwise. */
export class MailServer {
  readonly mails: Mail[] = []
  hooks: Hooks = {}
  port = 0
  #server: SMTPServer | null = null

  /** @param port A free one when 0. */
  async start(certificate: Certificate, port = 0): Promise<void> {
    const server: SMTPServer = new SMTPServer({
      ...certificate.pair,
      authMethods: ['PLAIN', 'LOGIN'],
      logger: false,
      ...this.hooks,
      onConnect: (session, done) => {
        if (this.hooks.onConnect === undefined) done()
        else this.hooks.onConnect(session, done)
      },
      onAuth: (auth, session, done) => {
        if (this.hooks.onAuth !== undefined) return this.hooks.onAuth(auth, session, done)
        const isRight = auth.username === 'lastpush' && auth.password === 's3cret'
        done(isRight ? null : reply(535, 'no such user'), { user: auth.username })
      },
      onMailFrom: (address, session, done) => {
        if (this.hooks.onMailFrom === undefined) done()
        else this.hooks.onMailFrom(address, session, done)
      },
      onRcptTo: (address, session, done) => {
        if (this.hooks.onRcptTo === undefined) done()
        else this.hooks.onRcptTo(address, session, done)
      },
      onData: (stream, session, done) => {
        let raw = ''
        stream.setEncoding('utf8')
        stream.on('data', (text: string) => (raw += text))
        stream.on('end', () => {
          if (this.hooks.cutAfterData?.() === true) {
            for (const connection of server.connections) connection.close()
            return
          }
          const refusal = this.hooks.afterData?.() ?? null
          const { mailFrom, rcptTo } = session.envelope
          const from = mailFrom === false ? '' : mailFrom.address
          if (refusal === null)
            this.mails.push({ from, to: rcptTo.map(({ address }) => address), raw })
          done(refusal)
        })
      },
    })
    server.on('error', () => {})
    this.#server = server
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    this.port = (server.server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    const server = this.#server
    if (server === null) return
    for (const connection of server.connections) connection.close()
    await new Promise<void>((resolve) => {
      server.close(resolve)
    })
  }
}

/** Headers by lower-cased name, unfolded, as often as they stand in the mail. */
export function headersOf(raw: string): ReadonlyMap<string, readonly string[]> {
  const head = raw.slice(0, raw.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ')
  const headers = new Map<string, string[]>()
  for (const line of head.split('\r\n')) {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*)$/s.exec(line) ?? []
    const known = headers.get(name.toLowerCase()) ?? []
    headers.set(name.toLowerCase(), [...known, value])
  }
  return headers
}

/** The parts of a multipart mail in their order, decoded. */
export function partsOf(raw: string): readonly { readonly type: string; readonly text: string }[] {
  const type = headersOf(raw).get('content-type')?.[0] ?? ''
  const boundary = /boundary="?([^";]+)/.exec(type)?.[1] ?? ''
  const parts = raw.split(`--${boundary}`).slice(1, -1)
  return parts.map((part) => {
    const text = part.slice(part.indexOf('\r\n\r\n') + 4).replace(/\r\n$/, '')
    const headers = headersOf(part.trimStart())
    const isQuoted = headers.get('content-transfer-encoding')?.[0] === 'quoted-printable'
    const kind = headers.get('content-type')?.[0]?.split(';')[0] ?? ''
    return { type: kind, text: isQuoted ? unquoted(text) : text.replaceAll('\r\n', '\n') }
  })
}

/** A header value as a mail program shows it: encoded words (RFC 2047) decoded, and the space between
 *  two of them gone. */
export function decodedWords(value: string): string {
  return value
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([QB])\?([^?]*)\?=/gi, (_whole, form: string, text: string) =>
      form.toUpperCase() === 'B'
        ? Buffer.from(text, 'base64').toString('utf8')
        : unquoted(text.replaceAll('_', ' ')),
    )
}

function unquoted(text: string): string {
  const joined = text.replace(/=\r\n/g, '')
  const bytes = joined.replace(/=([0-9A-F]{2})/gi, (_whole, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  )
  return Buffer.from(bytes, 'latin1').toString('utf8').replaceAll('\r\n', '\n')
}

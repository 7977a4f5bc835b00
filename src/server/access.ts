/** Who has shown the token: as `Authorization: Bearer`, or in a browser by the cookie of a session
 *  that was opened with it. Nothing is kept of a session: the cookie says until when it holds,
 *  signed with the token, so that it outlives a restart and ends with the token. Decided in
 *  docs/decisions/2026-11-25-token.md. Whose Host and Origin are taken is left to guard.ts. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Log } from '../flow/log.ts'
import type { Clock } from '../flow/time.ts'
import type { RequestHead } from './guard.ts'
import { HttpError, problem, type Problem } from './problems.ts'
import { WrongTokens } from './wrong-tokens.ts'

/** How long a browser needs not give the token again, s. */
export const sessionSeconds = 7 * 86_400

/** Asked by probes that hold no secrets; their answers tell of no log line. */
const openPaths: readonly (string | undefined)[] = ['/-/healthy', '/-/ready']

export class Access {
  readonly #digest: Buffer
  readonly #clock: Clock
  readonly #wrong: WrongTokens

  constructor(token: string, clock: Clock, log: Log) {
    this.#digest = digestOf(token)
    this.#clock = clock
    this.#wrong = new WrongTokens(clock, log)
  }

  /** null lets the request through. The right token always gets through, whatever others on its
   *  address have guessed: else anybody behind a common proxy could lock people out.
   *  @param port Of this server, for the name of the cookie.
   *  @param address Whence the request came. */
  refusal(head: RequestHead, port: number, address: string): Problem | null {
    if (openPaths.includes(head.url?.split('?', 1)[0])) return null
    const given = bearerOf(head.headers)
    if (given === null) return this.#hasSession(head, port) ? null : tokenRequired
    if (this.#isToken(given)) return null
    return this.#wrong.count(address) ? tokenRequired : tooManyWrong
  }

  /** The Set-Cookie that opens a session. @throws HttpError when only another session has let the
   *  request through: a stolen one must not renew itself. */
  sessionCookie(headers: RequestHead['headers'], port: number): string {
    const given = bearerOf(headers)
    if (given === null || !this.#isToken(given))
      throw new HttpError('TOKEN_REQUIRED', tokenRequired.message)
    const until = Math.floor(this.#clock.now() / 1_000) + sessionSeconds
    const value = `${until}.${this.#sign(until).toString('base64url')}`
    const secure = headers.origin?.startsWith('https:') === true ? '; Secure' : ''
    const rules = `Path=/; Max-Age=${sessionSeconds}; HttpOnly; SameSite=Strict${secure}`
    return `${cookieName(port)}=${value}; ${rules}`
  }

  #isToken(given: string): boolean {
    return timingSafeEqual(digestOf(given), this.#digest)
  }

  #hasSession({ headers }: RequestHead, port: number): boolean {
    const prefix = `${cookieName(port)}=`
    const cookies = (headers.cookie ?? '').split(/; */)
    const value = cookies.find((cookie) => cookie.startsWith(prefix))?.slice(prefix.length) ?? ''
    const [, until = '', signature = ''] = /^(\d{1,12})\.([\w-]{43})$/.exec(value) ?? []
    if (Number(until) * 1_000 <= this.#clock.now()) return false
    return timingSafeEqual(this.#sign(Number(until)), Buffer.from(signature, 'base64url'))
  }

  #sign(until: number): Buffer {
    return createHmac('sha256', this.#digest).update(`session ${until}`).digest()
  }
}

function bearerOf({ authorization = '' }: RequestHead['headers']): string | null {
  return /^bearer +(\S+) *$/i.exec(authorization)?.[1] ?? null
}

/** Cookies do not know ports: the name keeps two servers of one host apart. */
function cookieName(port: number): string {
  return `lastpush_${port}`
}

/** One length for all, as a comparison in constant time needs. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

const tokenRequired = problem('TOKEN_REQUIRED', 'send the token as "Authorization: Bearer TOKEN"')
const tooManyWrong = problem(
  'TOO_MANY_WRONG_TOKENS',
  'too many wrong tokens came from your address; the right one is taken at once',
)

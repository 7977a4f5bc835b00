/** How many wrong tokens an address may send: a few at once, then one every few seconds. Beyond that
 *  it is told to slow down, and the log says once a minute that somebody guesses; neither the log nor
 *  the answer holds what was guessed. */
import { isIPv6 } from 'node:net'
import type { Log } from '../flow/log.ts'
import type { Clock } from '../flow/time.ts'

/** Wrong tokens of one address at once. */
const burstMax = 10
/** Time after which an address has one more, ms; also what Retry-After says. */
export const wrongTokenEveryMs = 6_000
/** Addresses that are remembered; the longest known goes first. */
const addressesMax = 10_000
/** Between two lines of the log, ms. */
const logEveryMs = 60_000

interface Budget {
  left: number
  readonly sinceMs: number
}

export class WrongTokens {
  readonly #clock: Clock
  readonly #log: Log
  readonly #budgets = new Map<string, Budget>()
  #unlogged = 0
  #loggedMs = -Infinity

  constructor(clock: Clock, log: Log) {
    this.#clock = clock
    this.#log = log
  }

  /** Counts one; false when the address has sent too many. */
  count(address: string): boolean {
    const now = this.#clock.now()
    this.#tell(address, now)
    const key = networkOf(address)
    const known = this.#budgets.get(key) ?? { left: burstMax, sinceMs: now }
    const more = Math.max(0, Math.floor((now - known.sinceMs) / wrongTokenEveryMs))
    const left = Math.min(burstMax, known.left + more)
    this.#budgets.delete(key)
    this.#budgets.set(key, {
      left: Math.max(0, left - 1),
      sinceMs: left === burstMax ? now : known.sinceMs + more * wrongTokenEveryMs,
    })
    if (this.#budgets.size > addressesMax) {
      this.#budgets.delete(this.#budgets.keys().next().value ?? '')
    }
    return left > 0
  }

  #tell(address: string, now: number): void {
    this.#unlogged += 1
    if (now - this.#loggedMs < logEveryMs) return
    this.#log.warn({ address, wrong: this.#unlogged }, 'requests came with a wrong token')
    this.#unlogged = 0
    this.#loggedMs = now
  }
}

/** The address, or the /64 of an IPv6 one: whoever has one of these has them all. */
function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '')
  if (!isIPv6(plain)) return plain
  const [head = '', tail] = plain.split('::')
  const groups = (text: string) => text.split(':').filter((group) => group !== '')
  const [left, right] = [groups(head), groups(tail ?? '')]
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  return [...left, ...Array<string>(zeros).fill('0'), ...right].slice(0, 4).join(':')
}

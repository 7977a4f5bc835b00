/** A lasting presence in one channel of one IRC server: connects, joins, comes back after a cut, a
 *  kick or a taken nick, and says lines no faster than the server's flood control allows. The
 *  library's own reconnecting is not used: it gives up after three attempts and cannot be stopped.
 *  What is said, and when, is irc.ts's. */
import type { Client, ConnectOptions } from 'irc-framework'
import type { Log } from '../flow/log.ts'
import type { Clock } from '../flow/time.ts'
import { cut } from './headline.ts'
import { boundLines, dealtWith } from './irc-server.ts'
import { nickCandidates } from './irc-text.ts'
import type { Outcome } from './receiver.ts'

/** Servers take a line every two seconds on the long run and more in a burst; one a second passes
 *  with all of them for pages of a few lines. */
const lineEveryMs = 1_000
const retryMinMs = 2_000
const retryMaxMs = 300_000
const rejoinMinMs = 5_000
/** From the connection to being in the channel. */
const joinLimitMs = 45_000
/** A sender's patience with a channel that cannot be joined; the next attempt is the outbox's. */
const presenceLimitMs = 20_000
const faultCharactersMax = 200

export interface IrcLinkOptions {
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly channel: string
  readonly nick: string
  readonly clock: Clock
  readonly log: Log
  /** Who to log in as, read anew for each connection; null: nobody; a string is the fault. */
  readonly login: () => Promise<{ account: string; password: string } | null | string>
  /** What others say in the channel. */
  readonly onMessage: (text: string) => void
}

export class IrcLink {
  readonly #options: IrcLinkOptions
  readonly #stopping = new AbortController()
  #running: Promise<void> | null = null
  #client: Client | null = null
  /** Aborted when the channel is joined or the link is closed; renewed when it is left. */
  #joined = new AbortController()
  /** Aborted when the channel is left. */
  #left = new AbortController()
  #fault: string | null = 'not connected yet'
  /** The connection whose next attempt to join is planned. */
  #rejoining: Client | null = null
  /** Since something was last said. */
  #rejoins = 0
  #nextLineAt = 0
  /** Who says something waits for who came before. */
  #turn: Promise<unknown> = Promise.resolve()
  #tokens = 0

  constructor(options: IrcLinkOptions) {
    this.#options = options
    this.#left.abort()
  }

  /** Why it is not in the channel; null when it is. */
  get fault(): string | null {
    return this.#fault
  }

  /** Connects and stays until closed. */
  start(): void {
    this.#running ??= this.#run()
  }

  /** Says the lines in their order; resolves when the server has dealt with the last one. */
  async say(lines: readonly string[], signal: AbortSignal): Promise<Outcome> {
    const stop = AbortSignal.any([signal, this.#stopping.signal])
    // Waited for before the turn, so that nobody's patience adds to another's.
    const present = AbortSignal.any([stop, this.#joined.signal])
    await this.#options.clock.sleep(presenceLimitMs, present)
    const said = this.#turn.then(() => this.#sayNow(lines, stop))
    this.#turn = said.catch(() => null)
    return said
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    this.#joined.abort()
    const client = this.#client
    client?.quit('going down')
    const over = new AbortController()
    await Promise.race([this.#running, this.#options.clock.sleep(500, over.signal)])
    over.abort()
    client?.connection.end(null, true)
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock } = this.#options
    const stop = this.#stopping.signal
    for (let failures = 0; !stop.aborted;) {
      const wasJoined = await this.#connectOnce()
      failures = wasJoined ? 0 : failures + 1
      await clock.sleep(Math.min(retryMinMs * 2 ** failures, retryMaxMs), stop)
    }
  }

  /** One connection from its beginning to its end. @returns Whether the channel was joined. */
  async #connectOnce(): Promise<boolean> {
    const { host, port, tls, nick, login, clock } = this.#options
    const account = await login()
    if (typeof account === 'string') return this.#say(account)
    const { default: irc } = await import('irc-framework')
    if (this.#stopping.signal.aborted) return false
    const client = new irc.Client()
    this.#client = client
    const over = new AbortController()
    const ended = new Promise<void>((resolve) => client.on('close', () => resolve()))
    const facts = this.#listen(client)
    const options: ConnectOptions = {
      host,
      port,
      tls,
      // Said in so many words, since the library hands an absent value on as undefined.
      rejectUnauthorized: true,
      nick,
      username: 'lastpush',
      gecos: 'lastpush',
      version: '',
      auto_reconnect: false,
      message_max_length: 400,
      sasl_disconnect_on_fail: true,
      ...(account === null ? {} : { account }),
    }
    client.connect(options)
    void clock.sleep(joinLimitMs, AbortSignal.any([over.signal, this.#joined.signal])).then(() => {
      if (over.signal.aborted || this.#joined.signal.aborted) return
      facts.fault ??= `not in the channel after ${joinLimitMs / 1_000} s`
      client.connection.end(null, true)
    })
    await ended
    over.abort()
    this.#client = null
    client.removeAllListeners()
    this.#leave(facts.fault ?? 'the connection has ended')
    return facts.wasJoined
  }

  /** Reacts to what the server says. */
  #listen(client: Client): { fault: string | null; wasJoined: boolean } {
    const { channel, nick } = this.#options
    const facts: { fault: string | null; wasJoined: boolean } = { fault: null, wasJoined: false }
    const isUs = (name: string): boolean => client.caseCompare(name, client.user.nick)
    const isHere = (name: string | undefined): boolean =>
      name !== undefined && client.caseCompare(name, channel)
    const nicks = nickCandidates(nick)
    let isRegistered = false
    const tryNext = (reason: string): void => {
      if (isRegistered) return
      const next = nicks.shift()
      if (next !== undefined) return client.changeNick(next)
      facts.fault = `no nick is free: ${reason}`
      client.connection.end(null, true)
    }
    const takeBack = (gone: string): void => {
      if (client.caseCompare(gone, nick) && !isUs(nick)) client.changeNick(nick)
    }
    client.on('raw socket connected', boundLines)
    client.on('registered', () => {
      isRegistered = true
      client.join(channel)
    })
    client.on('nick in use', ({ reason }) => tryNext(reason))
    client.on('nick invalid', ({ reason }) => tryNext(reason))
    client.on('quit', (event) => takeBack(event.nick))
    client.on('nick', (event) => {
      // A new name that a server forces on us is not fought over.
      if (!isUs(event.new_nick)) takeBack(event.nick)
    })
    client.on('join', (event) => {
      if (!isUs(event.nick) || !isHere(event.channel)) return
      facts.wasJoined = true
      facts.fault = null
      this.#enter(client.user.nick)
    })
    client.on('kick', (event) => {
      if (!isUs(event.kicked) || !isHere(event.channel)) return
      this.#rejoin(client, `kicked by ${event.nick}: ${event.message}`)
    })
    client.on('part', (event) => {
      if (isUs(event.nick) && isHere(event.channel)) this.#rejoin(client, 'made to leave')
    })
    client.on('sasl failed', ({ reason }) => (facts.fault = `log-in failed: ${reason}`))
    client.on('irc error', ({ error, channel: where, reason }) => {
      const words = reason ?? error.replaceAll('_', ' ')
      if (error === 'irc' || error === 'password_mismatch') facts.fault ??= words
      // A refused join; refused lines are the sender's to hear.
      else if (isHere(where) && !this.#joined.signal.aborted) this.#rejoin(client, words)
    })
    client.on('socket close', (error) => {
      if (error !== false) facts.fault ??= error.message
    })
    client.on('privmsg', ({ target, message }) => {
      if (isHere(target)) this.#options.onMessage(message)
    })
    return facts
  }

  #enter(nick: string): void {
    const { log, host, channel } = this.#options
    this.#fault = null
    this.#left = new AbortController()
    this.#joined.abort()
    log.info({ host, channel, nick }, `in ${channel} as ${nick}`)
  }

  /** It is not, or no longer, in the channel. */
  #leave(why: string): void {
    this.#left.abort()
    if (this.#joined.signal.aborted && !this.#stopping.signal.aborted) {
      this.#joined = new AbortController()
    }
    this.#say(why)
  }

  /** Makes a fault known, once. */
  #say(why: string): false {
    const { log, host, channel } = this.#options
    const fault = cut(why, faultCharactersMax)
    if (fault !== this.#fault && !this.#stopping.signal.aborted) {
      log.warn({ host, channel, fault }, `not in ${channel}: ${fault}`)
    }
    this.#fault = fault
    return false
  }

  #rejoin(client: Client, why: string): void {
    const { clock, channel } = this.#options
    this.#leave(why)
    if (this.#rejoining === client) return
    this.#rejoining = client
    const delayMs = Math.min(rejoinMinMs * 2 ** this.#rejoins, retryMaxMs)
    this.#rejoins += 1
    void clock.sleep(delayMs, this.#stopping.signal).then(() => {
      this.#rejoining = null
      if (this.#client === client && !this.#stopping.signal.aborted) client.join(channel)
    })
  }

  async #sayNow(lines: readonly string[], stop: AbortSignal): Promise<Outcome> {
    const { clock, channel } = this.#options
    const client = this.#client
    if (stop.aborted) return notSaid('stopped')
    if (client === null || this.#fault !== null) return notSaid(this.#fault ?? 'not connected')
    const left = this.#left.signal
    for (const line of lines) {
      const waitMs = this.#nextLineAt - clock.monotonic()
      if (waitMs > 0) await clock.sleep(waitMs, AbortSignal.any([stop, left]))
      if (stop.aborted) return notSaid('stopped')
      if (left.aborted) return notSaid(this.#fault ?? 'left the channel')
      this.#nextLineAt = clock.monotonic() + lineEveryMs
      client.say(channel, line)
    }
    this.#tokens += 1
    const token = `lastpush-${this.#tokens}`
    const refusal = await dealtWith(client, channel, token, clock, AbortSignal.any([stop, left]))
    if (stop.aborted) return notSaid('stopped')
    if (left.aborted) return notSaid(this.#fault ?? 'left the channel')
    if (refusal !== null) return notSaid(refusal)
    this.#rejoins = 0
    return { ok: true }
  }
}

function notSaid(error: string): Outcome {
  return { ok: false, retry: true, error }
}

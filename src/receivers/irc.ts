/** Joins a channel, tells it pages and deploys, and answers `!since`. What is said there is read by
 *  whoever is in the channel, so answers hold what pages hold and nothing of the configuration.
 *  Pages are certain (the outbox repeats them); deploys and answers are said once or not at all. */
import { z } from 'zod'
import { silentLog } from '../flow/log.ts'
import type { Deploy } from '../model/deploy.ts'
import { isLoopback } from './http-post.ts'
import { IrcLink } from './irc-link.ts'
import { deployLine, pageLines, sinceLines } from './irc-text.ts'
import type { Receiver, ReceiverContext, ReceiverType } from './receiver.ts'
import { readSecret, type SecretPlace } from '../flow/secret.ts'

/** A deploy that began longer ago is no news: a log read from its start would tell years of them. */
const newsMsMax = 600_000
/** Deploys remembered as told; announcements that wait for their turn. */
const toldMax = 200
const waitingMax = 20
/** Between two answers; questions in between are not answered. */
const answerEveryMs = 5_000

const options = z
  .strictObject({
    server: z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'is no host name'),
    port: z.int().min(1).max(65_535).default(6697),
    tls: z.enum(['implicit', 'none']).default('implicit'),
    // RFC 2812, 1.3: no space, comma, colon or control character.
    channel: z
      .string()
      .regex(/^[#&+!][^\x00-\x20,:\x7f]{1,49}$/, 'is no channel name such as "#push"'),
    nick: z
      .string()
      .regex(/^[A-Za-z[\]\\`_^{|}][A-Za-z0-9[\]\\`_^{|}-]{0,29}$/, 'is no nick')
      .default('lastpush'),
    user: z
      .string()
      .regex(/^[^\s\x00]{1,100}$/, 'is no account name')
      .optional(),
    password_file: z.string().min(1).optional(),
    password_env: z.string().min(1).optional(),
  })
  .refine(({ password_file: file, password_env: env }) => file === undefined || env === undefined, {
    message: 'takes either password_file or password_env',
  })
  .refine(
    ({ user, password_file: file, password_env: env }) =>
      (user === undefined) === (file === undefined && env === undefined),
    { message: 'needs user and one of password_file and password_env, or none of them' },
  )
  .refine(({ tls, user, server }) => tls !== 'none' || user === undefined || isLoopback(server), {
    message: 'sends no password without tls',
  })

export type IrcOptions = z.output<typeof options>

/** The receiver type `irc`. */
export const ircType: ReceiverType<IrcOptions> = {
  kind: 'irc',
  doc: 'Joins a channel of an IRC server, tells it pages and deploys, and answers `!since`.',
  example: "receivers:\n  chat: { irc: { server: irc.example.com, channel: '#push' } }",
  options,
  create: (name, chosen, context) => new IrcReceiver(name, chosen, context),
}

class IrcReceiver implements Receiver {
  readonly name: string
  readonly address: string
  readonly #context: ReceiverContext
  readonly #link: IrcLink
  readonly #stopping = new AbortController()
  readonly #told = new Map<string, Deploy['status']>()
  #waiting = 0
  #answeredAt = -answerEveryMs
  #unsubscribe: (() => void) | null = null

  constructor(name: string, chosen: IrcOptions, context: ReceiverContext) {
    this.name = name
    this.address = `${chosen.channel} on ${chosen.server}:${chosen.port}`
    this.#context = context
    this.#link = new IrcLink({
      host: chosen.server,
      port: chosen.port,
      tls: chosen.tls === 'implicit',
      channel: chosen.channel,
      nick: chosen.nick,
      clock: context.clock,
      log: context.log ?? silentLog,
      login: () => readLogin(chosen.user, { file: chosen.password_file, env: chosen.password_env }),
      onMessage: (text) => void this.#answer(text),
    })
  }

  get fault(): string | null {
    return this.#link.fault
  }

  start(): void {
    this.#link.start()
    this.#unsubscribe ??= this.#context.onDeploy?.((deploy) => this.#announce(deploy)) ?? null
  }

  render(page: Parameters<Receiver['render']>[0]): string {
    return pageLines(page).join('\n')
  }

  async send(body: string, _key: string, signal: AbortSignal): ReturnType<Receiver['send']> {
    this.#link.start()
    const outcome = await this.#link.say(body.split('\n'), signal)
    return outcome.ok ? outcome : { ...outcome, error: `${this.address}: ${outcome.error}` }
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    this.#unsubscribe?.()
    await this.#link.close()
  }

  #announce(deploy: Deploy): void {
    const { clock } = this.#context
    const before = this.#told.get(deploy.id)
    const isNews = before === undefined || (deploy.status === 'failed' && before !== 'failed')
    this.#told.delete(deploy.id)
    this.#told.set(deploy.id, deploy.status)
    const [oldest] = this.#told.keys()
    if (this.#told.size > toldMax && oldest !== undefined) this.#told.delete(oldest)
    const isOld = clock.now() - Date.parse(deploy.end ?? deploy.start) > newsMsMax
    if (isNews && !isOld) void this.#mention([deployLine(deploy)])
  }

  async #answer(text: string): Promise<void> {
    const { clock, since } = this.#context
    const asked = /^!since(?:\s+(\S{1,100}))?\s*$/.exec(text)
    if (asked === null || since === undefined) return
    if (clock.monotonic() - this.#answeredAt < answerEveryMs) return
    this.#answeredAt = clock.monotonic()
    try {
      const service = asked[1]
      const verdict = await since(service === undefined ? {} : { service })
      await this.#mention(sinceLines(verdict, clock.now()))
    } catch (error) {
      this.#context.log?.warn({ receiver: this.name, error: String(error) }, '!since has no answer')
      await this.#mention(['there is no answer to that now'])
    }
  }

  /** Says something that is not worth waiting for. */
  async #mention(lines: readonly string[]): Promise<void> {
    if (this.#link.fault !== null || this.#waiting >= waitingMax) return
    this.#waiting += 1
    await this.#link.say(lines, this.#stopping.signal).catch(() => null)
    this.#waiting -= 1
  }
}

/** A string is the fault. */
async function readLogin(
  user: string | undefined,
  place: SecretPlace,
): Promise<{ account: string; password: string } | null | string> {
  if (user === undefined) return null
  const secret = await readSecret(place)
  return secret.ok ? { account: user, password: secret.value } : secret.fault
}

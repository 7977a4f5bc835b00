/** The part of irc-framework that lastpush uses; the library brings no types of its own. */
declare module 'irc-framework' {
  import type { Socket } from 'node:net'

  export interface ConnectOptions {
    readonly host: string
    readonly port: number
    readonly tls: boolean
    readonly rejectUnauthorized: boolean
    readonly nick: string
    readonly username: string
    readonly gecos: string
    /** What CTCP VERSION is answered with; '' answers nothing. */
    readonly version: string
    readonly auto_reconnect: boolean
    readonly message_max_length: number
    /** For SASL PLAIN. */
    readonly account?: { readonly account: string; readonly password: string }
    readonly sasl_disconnect_on_fail: boolean
  }

  export interface Events {
    registered: { readonly nick: string }
    join: { readonly nick: string; readonly channel: string }
    part: { readonly nick: string; readonly channel: string }
    kick: {
      readonly kicked: string
      readonly nick: string
      readonly channel: string
      readonly message: string
    }
    quit: { readonly nick: string }
    nick: { readonly nick: string; readonly new_nick: string }
    'nick in use': { readonly nick: string; readonly reason: string }
    'nick invalid': { readonly nick: string; readonly reason: string }
    'irc error': { readonly error: string; readonly channel?: string; readonly reason?: string }
    'sasl failed': { readonly reason: string }
    privmsg: { readonly nick: string; readonly target: string; readonly message: string }
    pong: { readonly message: string }
    'raw socket connected': Socket
    'socket close': Error | false
    close: boolean
  }

  export class Client {
    readonly user: { readonly nick: string }
    readonly connection: { end(data: null, isFault: boolean): void }
    on<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): this
    off<Name extends keyof Events>(name: Name, listener: (event: Events[Name]) => void): this
    removeAllListeners(): this
    connect(options: ConnectOptions): void
    join(channel: string): void
    say(target: string, message: string): void
    changeNick(nick: string): void
    raw(...words: readonly string[]): void
    quit(message: string): void
    caseCompare(a: string, b: string): boolean
  }

  const irc: { readonly Client: typeof Client }
  export default irc
}

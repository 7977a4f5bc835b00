/** Two things that irc-framework leaves open about the server at the other end: whether it has dealt
 *  with what was said, and how much it may send without an end of line. */
import type { Socket } from 'node:net'
import type { Client, Events } from 'irc-framework'
import type { Clock } from '../flow/time.ts'
import { cut } from './headline.ts'

/** From the last line to the server's word that it has dealt with it. */
const answerLimitMs = 15_000
const refusalCharactersMax = 200
/** A server that sends so much without an end of line is none. */
const lineBytesMax = 65_536

/** IRC acknowledges nothing, but a server answers in order: its PONG comes after whatever it had to
 *  say about the lines before. @returns Why a line was refused; null when none was. */
export async function dealtWith(
  client: Client,
  channel: string,
  token: string,
  clock: Clock,
  stop: AbortSignal,
): Promise<string | null> {
  const answered = new AbortController()
  let refusal: string | null = null
  const onError = ({ channel: where, reason, error }: Events['irc error']): void => {
    if (where === undefined || !client.caseCompare(where, channel)) return
    refusal = cut(reason ?? error, refusalCharactersMax)
  }
  const onPong = ({ message }: Events['pong']): void => {
    if (message === token) answered.abort()
  }
  client.on('irc error', onError).on('pong', onPong)
  client.raw('PING', token)
  await clock.sleep(answerLimitMs, AbortSignal.any([stop, answered.signal]))
  client.off('irc error', onError).off('pong', onPong)
  if (!answered.signal.aborted) return `no answer within ${answerLimitMs / 1_000} s`
  return refusal
}

/** Ends a connection whose other end never ends its line; the library would gather it all. */
export function boundLines(socket: Socket): void {
  let bytes = 0
  socket.on('data', (chunk: Buffer) => {
    const end = chunk.lastIndexOf(10)
    bytes = end < 0 ? bytes + chunk.length : chunk.length - end - 1
    if (bytes > lineBytesMax) socket.destroy(new Error('a line without end'))
  })
}

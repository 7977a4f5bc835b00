/** Fetched messages → what the pipeline gets of them: a line out of its envelope, or a reason why a
 *  message is poison, which means that nothing can be read of it now or later. */
import { unwrap, type Envelope } from './envelope.ts'
import type { Message, ReadMessage } from './message.ts'

/** A message that is set aside, so that the partition can go on behind it. */
export interface Poison {
  readonly message: Message
  readonly kind: 'undecodable' | 'envelope'
  readonly reason: string
}

/**
 * @param keepsPoison Messages that are in no envelope, although they should be, go elsewhere; else
 *   they are lines as they are, and count as lines that no parser could read.
 */
export function readMessages(
  messages: readonly Message[],
  envelope: Envelope,
  keepsPoison: boolean,
): { readonly messages: readonly ReadMessage[]; readonly poison: readonly Poison[] } {
  const poison: Poison[] = []
  const read = messages.map((message): ReadMessage => {
    const { undecodable, value } = message
    if (undecodable !== undefined) {
      poison.push({ message, kind: 'undecodable', reason: undecodable.reason })
      return { ...message, unwrapped: null }
    }
    if (envelope === 'none' || value === null) return message
    const found = unwrap(value, envelope)
    if (found === 'as it is') return message
    if (!('reason' in found)) return { ...message, unwrapped: found }
    poison.push({ message, kind: 'envelope', reason: found.reason })
    return keepsPoison ? { ...message, unwrapped: null } : message
  })
  return { messages: read, poison }
}

/** Who still has to be told of a notification. A server may take a message for some recipients and
 *  not for others; a later attempt then goes to those only whom it put off. */
import type { Outcome } from './receiver.ts'

/** Half-delivered notifications that are remembered; one that is forgotten goes to all again. */
const notificationsMax = 1_000

/** Replies of 500 and above that speak of the session and not of the message: bad sequence, and
 *  log-in or encryption wanted (RFC 5321 4.2.3, RFC 4954 6, RFC 3207 4). */
const sessionReplies: ReadonlySet<number> = new Set([503, 530, 534, 535, 538])
/** The commands in which a server judges a message and its recipients. */
const judgingCommands: ReadonlySet<string> = new Set(['MAIL FROM', 'RCPT TO', 'DATA'])

export interface Refusal {
  /** null: the message itself. */
  readonly recipient: string | null
  /** Trying again cannot help. */
  readonly isFinal: boolean
  readonly reason: string
}

/** What an error of the conversation means. */
export function refusalOf(error: Error): Refusal {
  const {
    responseCode = 0,
    command = '',
    recipient = null,
    response,
  } = error as {
    readonly responseCode?: number
    readonly command?: string
    readonly recipient?: string | null
    readonly response?: string
  }
  const isFinal =
    responseCode >= 500 && !sessionReplies.has(responseCode) && judgingCommands.has(command)
  return { recipient, isFinal, reason: response ?? error.message }
}

export class Recipients {
  readonly #all: readonly string[]
  /** Notification → who has been put off, and the final refusals so far. */
  readonly #partly = new Map<string, { readonly waiting: readonly string[]; readonly refused: readonly Refusal[] }>() // prettier-ignore

  constructor(all: readonly string[]) {
    this.#all = all
  }

  waiting(key: string): readonly string[] {
    return this.#partly.get(key)?.waiting ?? this.#all
  }

  /** The outcome of an attempt at all that were waiting. */
  settle(key: string, refusals: readonly Refusal[]): Outcome {
    const putOff = refusals.filter(({ isFinal }) => !isFinal)
    const refused = [
      ...(this.#partly.get(key)?.refused ?? []),
      ...refusals.filter(({ isFinal }) => isFinal),
    ]
    this.#partly.delete(key)
    if (putOff.length > 0) {
      const waiting = putOff.flatMap(({ recipient }) => recipient ?? [])
      if (waiting.length > 0) this.#partly.set(key, { waiting, refused })
      const [oldest] = this.#partly.keys()
      if (this.#partly.size > notificationsMax && oldest !== undefined) this.#partly.delete(oldest)
      return { ok: false, retry: true, error: told(putOff, this.#all.length) }
    }
    if (refused.length === 0) return { ok: true }
    return { ok: false, retry: false, error: told(refused, this.#all.length) }
  }

  forget(key: string): void {
    this.#partly.delete(key)
  }
}

function told(refusals: readonly Refusal[], of: number): string {
  const [first] = refusals
  const count = `${refusals.length} of ${of} recipients refused`
  return `${count}: ${first?.recipient ?? ''}: ${first?.reason ?? ''}`
}

/** A receiver that takes, refuses, loses or is slow as it is told, and counts what it took. It knows which
 *  repeats are lawful: those of a notification that it has taken and whose sender could not know, or
 *  died before it had noted that down. */
import type { Outcome, Receiver } from '../../src/receivers/receiver.ts'
import type { Dispatch } from '../../src/store/state.ts'
import type { Reply } from './history.ts'
import type { VirtualTime } from './virtual-time.ts'

const never = new Promise<never>(() => {})

export class ReceiverBooks {
  reply: Reply = 'ok'
  /** Key → times taken / times that a repeat was lawful. */
  readonly taken = new Map<string, number>()
  readonly lawful = new Map<string, number>()
  readonly bodies = new Set<string>()
  /** Taken, and not noted by the process that lives. */
  readonly #unnoted = new Set<string>()

  take(key: string, body: string): void {
    this.taken.set(key, (this.taken.get(key) ?? 0) + 1)
    this.bodies.add(`${key} ${body}`)
    this.#unnoted.add(key)
  }

  /** The sender will not learn of it. */
  lost(key: string): void {
    this.lawful.set(key, (this.lawful.get(key) ?? 0) + 1)
    this.#unnoted.delete(key)
  }

  noted({ notifications }: Dispatch): void {
    for (const { key, state } of notifications) if (state === 'delivered') this.#unnoted.delete(key)
  }

  /** The process has ended. */
  ended(): void {
    for (const key of [...this.#unnoted]) this.lost(key)
  }
}

export interface ReceiverSurroundings {
  readonly time: VirtualTime
  readonly books: ReceiverBooks
  readonly isDead: () => boolean
  readonly trapped: (trap: 'send-before' | 'send-after-yes') => boolean
  readonly die: () => void
}

export function simulatedReceiver(around: ReceiverSurroundings): Receiver {
  const { time, books, isDead, trapped, die } = around
  const failed: Outcome = { ok: false, retry: true, error: 'simulated' }
  return {
    name: 'simulated',
    address: 'nowhere',
    render: ({ key, reason, alerts }) =>
      JSON.stringify({ key, reason, alerts: alerts.map(({ fingerprint }) => fingerprint) }),
    send: async (body, key, signal) => {
      if (trapped('send-before')) die()
      if (isDead()) return never
      const { reply } = books
      await time.sleep(reply === 'slow' ? 700 : 10, signal)
      if (isDead()) return never
      if (signal.aborted || reply === 'refuse') return failed
      books.take(key, body)
      if (trapped('send-after-yes')) {
        die()
        return never
      }
      if (reply !== 'lose') return { ok: true }
      books.lost(key)
      return failed
    },
  }
}

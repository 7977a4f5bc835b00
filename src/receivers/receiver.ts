/** The contract of a receiver type: renders a page into a frozen body, later sends that body. */
import type { z } from 'zod'
import type { Clock } from '../flow/time.ts'
import type { Alert } from '../model/alert.ts'
import type { Deploy } from '../model/deploy.ts'

/** Why a notification is sent: first page of a group, news of a group already paged, the same
 *  state told again, or the end of the group. */
export type PageReason = 'firing' | 'update' | 'repeat' | 'resolved'

/** What is told at once: the alerts of one group. Input of `render`. */
export interface Page {
  /** Stable over retries and restarts; receivers pass it on for de-duplication. */
  readonly key: string
  readonly receiver: string
  /** Identity of the group, stable from its first page to its resolution. */
  readonly groupKey: string
  readonly groupLabels: Readonly<Record<string, string>>
  readonly reason: PageReason
  readonly status: 'firing' | 'resolved'
  /** All alerts of the group, firing first, then by startsAt. */
  readonly alerts: readonly Alert[]
  /** The deploy the group is about, when it is about one. */
  readonly deploy: Deploy | null
  /** The deploy that fixed it, for a resolution. */
  readonly fixedBy: Deploy | null
  /** Address of the page that shows this moment. */
  readonly url: string
}

/** What came of one attempt. */
export type Outcome =
  | { readonly ok: true }
  | {
      readonly ok: false
      /** False parks the notification: trying again cannot help. */
      readonly retry: boolean
      /** The receiver's own wish (Retry-After), ms. */
      readonly retryAfterMs?: number
      readonly error: string
    }

/** One configured receiver. */
export interface Receiver {
  readonly name: string
  /** Pure: the body as it will be sent, however often. */
  render(page: Page): string
  /** One attempt; never throws; ends by itself within its time limit or when aborted. */
  send(body: string, key: string, signal: AbortSignal): Promise<Outcome>
  /** Address of the receiver for people, without secrets. */
  readonly address: string
}

/** A stream that people read; a terminal says so and how many colours it has. */
export type Screen = NodeJS.WritableStream & {
  readonly isTTY?: boolean
  hasColors?(): boolean
}

/** What the composition root gives every receiver. */
export interface ReceiverContext {
  /** For time limits and for dates in replies. */
  readonly clock: Clock
  /** Where the console receiver prints. */
  readonly screen: Screen
}

/** A kind of receiver, as the registry lists it. */
export interface ReceiverType<Options> {
  readonly kind: string
  readonly doc: string
  readonly example: string
  readonly options: z.ZodType<Options>
  create(name: string, options: Options, context: ReceiverContext): Receiver
}

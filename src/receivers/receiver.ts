/** The contract of a receiver type: renders a page into a frozen body, later sends that body. */
import type { z } from 'zod'
import type { Clock } from '../flow/time.ts'
import type { Page } from '../model/page.ts'

export type { Page, PageReason } from '../model/page.ts'

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

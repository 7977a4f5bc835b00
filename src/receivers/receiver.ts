/** The contract of a receiver type: renders a page into a frozen body, later sends that body. */
import type { z } from 'zod'
import type { Log } from '../flow/log.ts'
import type { Clock } from '../flow/time.ts'
import type { Deploy } from '../model/deploy.ts'
import type { Page } from '../model/page.ts'
import type { Verdict } from '../model/verdict.ts'

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
  /** Opens what a receiver keeps open between notifications; absent where it keeps nothing. A
   *  receiver that was not started opens it for its first notification. */
  start?(): void
  /** Ends it, within a second; may be called twice and without `start`. */
  close?(): Promise<void>
  /** What keeps it from being open, in a sentence for people; null when all is well. */
  readonly fault?: string | null
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
  /** For what happens between notifications; the outcome of each is the outbox's to log. */
  readonly log?: Log
  /** What changed since the last push of a service, or of any; for receivers that are asked. */
  readonly since?: (question: { readonly service?: string }) => Promise<Verdict>
  /** Calls the listener with each deploy that was committed, new or amended, until the returned
   *  function is called; for receivers that announce deploys. The listener must not throw. */
  readonly onDeploy?: (listener: (deploy: Deploy) => void) => () => void
}

/** A kind of receiver, as the registry lists it. */
export interface ReceiverType<Options> {
  readonly kind: string
  readonly doc: string
  readonly example: string
  readonly options: z.ZodType<Options>
  create(name: string, options: Options, context: ReceiverContext): Receiver
}

/** A page: what is told to people at once, the alerts of one group. What receivers render. */
import type { Alert } from './alert.ts'
import type { Deploy } from './deploy.ts'

/** Why a notification is sent: first page of a group, news of a group already paged, the same
 *  state told again, or the end of the group. */
export type PageReason = 'firing' | 'update' | 'repeat' | 'resolved'

export interface Page {
  /** Stable over retries and restarts; receivers pass it on for de-duplication. */
  readonly key: string
  readonly receiver: string
  /** Identity of the group, stable from its first page to its resolution. */
  readonly groupKey: string
  readonly groupLabels: Readonly<Record<string, string>>
  readonly reason: PageReason
  readonly status: 'firing' | 'resolved'
  /** The alerts of the group, at most 1,000; firing first, then by startsAt. */
  readonly alerts: readonly Alert[]
  /** Firing alerts of the group beyond those, which nothing more is known of. */
  readonly more: number
  /** Every known deploy that an alert of the page is attributed to, by its id. */
  readonly deploys: ReadonlyMap<string, Deploy>
  /** Every known deploy that an alert of the page says fixed it, by the SHA as the alert has it. */
  readonly fixes: ReadonlyMap<string, Deploy>
  /** Address of the page that shows this moment. */
  readonly url: string
}

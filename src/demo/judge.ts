/** Judges the story from what the daemon has delivered and committed: one page that names the bad
 *  push, one resolution that names the fix, and nothing else. Pages are read as a person reads
 *  them, by their headline: what counts is which push people were told of, not what the store
 *  attributes to it later. */
import type { Alert } from '../model/alert.ts'
import { sameSha } from '../model/deploy.ts'
import type { Notification } from '../store/state.ts'

/** What is looked at; read from the store. */
export interface Evidence {
  readonly alerts: readonly Alert[]
  readonly notifications: readonly Notification[]
}

export interface Expected {
  /** SHA of the bad push and of its fix. */
  readonly bad: string
  readonly fix: string
  /** Wall times by which they must have come, ms. */
  readonly firingBy: number
  readonly resolvedBy: number
}

/** Where the story stands. */
export interface Judgement {
  /** The page, and the end of its group, have been delivered. */
  readonly paged: boolean
  readonly resolved: boolean
  /** What should not have happened, each as a sentence. */
  readonly faults: readonly string[]
}

/** What the first line of a notification of the console says. */
export interface Headline {
  readonly title: 'FIRING' | 'UPDATE' | 'STILL FIRING' | 'RESOLVED'
  /** SHA of the push it blames, and of the one it thanks; null where it names none. */
  readonly since: string | null
  readonly fixedBy: string | null
}

export function judge({ alerts, notifications }: Evidence, expected: Expected): Judgement {
  const { bad, fix } = expected
  const told = notifications.map((notification) => ({
    ...notification,
    headline: readHeadline(notification.body),
  }))
  const pages = told.filter(({ headline }) => headline?.title === 'FIRING')
  const ends = told.filter(({ headline }) => headline?.title === 'RESOLVED')
  const faults: string[] = []
  for (const { sha, rule } of alerts) {
    if (!isPush(sha, bad)) faults.push(`${rule} named ${nameOf(sha)} instead of ${bad}`)
  }
  for (const { headline, createdAt } of pages) {
    const since = headline?.since ?? null
    if (!isPush(since, bad)) faults.push(`the page named ${nameOf(since)} instead of ${bad}`)
    if (createdAt > expected.firingBy) faults.push('the page came too late')
  }
  for (const { headline, createdAt } of ends) {
    const fixedBy = headline?.fixedBy ?? null
    if (!isPush(fixedBy, fix)) {
      faults.push(`the resolution named ${nameOf(fixedBy)} instead of ${fix}`)
    }
    if (createdAt > expected.resolvedBy) faults.push('the resolution came too late')
  }
  if (pages.length > 1) faults.push(`it paged ${pages.length} times instead of once`)
  if (ends.length > 1) faults.push(`it resolved ${ends.length} times instead of once`)
  const groups = new Set(told.map(({ groupKey }) => groupKey)).size
  if (groups > 1) faults.push(`it came in ${groups} groups instead of one`)
  return { paged: isDelivered(pages), resolved: isDelivered(ends), faults }
}

/** What is missing when the time is over. */
export function unfinished({ paged, resolved }: Judgement): readonly string[] {
  if (!paged) return ['no page came']
  return resolved ? [] : ['it was not resolved']
}

/** The console's headline: `TITLE service: what, since push SHA by WHO[, fixed by push SHA by WHO]`.
 *  What a log line put into `what` stands before the last `, since`. @returns null when it is none. */
export function readHeadline(body: string): Headline | null {
  const [line = ''] = body.split('\n', 1)
  const title = /^(?:FIRING|UPDATE|STILL FIRING|RESOLVED)(?=[ :])/.exec(line)?.[0]
  const at = line.lastIndexOf(', since ')
  if (title === undefined || at < 0) return null
  const [since = '', fixedBy = ''] = line.slice(at + ', since '.length).split(', fixed by ')
  return { title: title as Headline['title'], since: shaOf(since), fixedBy: shaOf(fixedBy) }
}

function shaOf(push: string): string | null {
  return /^(?:push|rollback|config change) (\S+)/.exec(push)?.[1] ?? null
}

function isPush(sha: string | null, expected: string): boolean {
  return sha !== null && sameSha(sha, expected)
}

function nameOf(sha: string | null): string {
  return sha ?? 'no push'
}

function isDelivered(list: readonly Notification[]): boolean {
  return list.length > 0 && list.every(({ state }) => state === 'delivered')
}

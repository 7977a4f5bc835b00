/** Small pieces that every part of the page uses: text from outside, times, SHAs, empty states. */
import type { ComponentChildren } from 'preact'
import type { Deploy } from '../model/deploy.ts'
import { safeUrl, shortSha } from './attribution.ts'
import { visible, visibleParts } from './visible.ts'

/** Text from logs, labels or deploys: isolated in direction, nothing in it invisible. */
export function Foreign({ text }: { text: string }) {
  return (
    <bdi>
      {visibleParts(text).map((part) =>
        part.escaped ? <span class="escaped">{part.text}</span> : part.text,
      )}
    </bdi>
  )
}

/** A raw line as it was logged. */
export function SampleLine({ text }: { text: string }) {
  return (
    <pre class="sample">
      <Foreign text={text} />
    </pre>
  )
}

/** A SHA, shortened, whole in the title; a link where the deploy has a URL. */
export function Sha({ sha, deploy = null }: { sha: string; deploy?: Deploy | null }) {
  const url = safeUrl(deploy?.url ?? null)
  const code = (
    <code class="sha" title={visible(sha)}>
      <Foreign text={shortSha(sha)} />
    </code>
  )
  if (url === null) return code
  return (
    <a href={url} rel="noopener noreferrer" target="_blank">
      {code}
    </a>
  )
}

/** A moment in the reader's time zone, UTC in the title; with the date when it is not today's. */
export function Moment({ at, nowMs }: { at: string; nowMs: number }) {
  return (
    <time dateTime={at} title={utc(at)}>
      {localTime(Date.parse(at), nowMs)}
    </time>
  )
}

/** "14:03:05", with "3 Feb " before it on another day. */
export function localTime(ms: number, nowMs: number): string {
  const moment = new Date(ms)
  const time = moment.toLocaleTimeString('en-GB')
  if (moment.toDateString() === new Date(nowMs).toDateString()) return time
  return `${moment.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })} ${time}`
}

/** "2026-02-03 14:03:05 UTC". */
export function utc(at: string): string {
  return `${at.slice(0, 19).replace('T', ' ')} UTC`
}

/** What to say, and what to do, where there is nothing to show. */
export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  )
}

/** A request that failed; what is shown beside it may be old. */
export function Failure({ what, error }: { what: string; error: string | null }) {
  if (error === null) return null
  return (
    <p class="failure" role="status">
      {what} could not be read: <Foreign text={error} />. Trying again.
    </p>
  )
}

/** A page as events of PagerDuty's Events API v2: one event an alert, each under the `dedup_key` of
 *  its onset, so that every alert opens and closes an incident of its own. Not one event a page:
 *  alerts of one group end at different times, and whoever acknowledges one has not seen the others
 *  (PagerDuty itself can group incidents). The key has the onset in it, so that a resolution that
 *  comes late cannot close what broke again. The routing key is no part of the body. Pure. */
import { shortHash, type Alert } from '../model/alert.ts'
import { visible } from '../model/escape.ts'
import { cut, deployOf, headline, linkOf, pageAbout, start, webAddress } from './headline.ts'
import type { Page } from './receiver.ts'

/** Limits of the API: of `payload.summary`, and of a whole event. */
const summaryCharactersMax = 1_024
const eventBytesMax = 512_000
const sampleCharactersMax = 2_000
const labelCharactersMax = 500
const labelsMax = 50

type Severity = 'critical' | 'error' | 'warning' | 'info'

/** The severities of rules, and PagerDuty's own words for those who label with them. */
const severities: ReadonlyMap<string, Severity> = new Map([
  ['page', 'critical'],
  ['warn', 'warning'],
  ['info', 'info'],
  ['critical', 'critical'],
  ['error', 'error'],
  ['warning', 'warning'],
])

interface Link {
  readonly href: string
  readonly text: string
}

/** An event without its routing key, as the API documents it. */
export interface PagerdutyEvent {
  readonly event_action: 'trigger' | 'resolve'
  readonly dedup_key: string
  readonly client: string
  readonly client_url?: string
  readonly links: readonly Link[]
  readonly payload: {
    readonly summary: string
    readonly source: string
    readonly severity: Severity
    readonly timestamp?: string
    readonly component?: string
    readonly group?: string
    readonly class?: string
    readonly custom_details?: Readonly<Record<string, unknown>>
  }
}

/** One event a line, in the order of the alerts; one for the group when the page has no alert. */
export function pagerdutyBody(page: Page): string {
  const events =
    page.alerts.length === 0 ? [groupEvent(page)] : page.alerts.map((alert) => event(page, alert))
  return events.map(bounded).join('\n')
}

function event(page: Page, alert: Alert): PagerdutyEvent {
  const isOver = alert.state === 'resolved'
  const own = pageAbout(page, alert)
  const { service, env, host } = alert.labels
  return {
    event_action: isOver ? 'resolve' : 'trigger',
    dedup_key: `lastpush-${alert.fingerprint}-${alert.startsAt.replace(/[^0-9TZ]/g, '')}`,
    ...clientOf(page, alert),
    payload: {
      summary: cut(headline(own), summaryCharactersMax),
      source: cut(host ?? service ?? 'lastpush', labelCharactersMax),
      severity: severities.get(alert.labels['severity'] ?? '') ?? 'error',
      timestamp: alert.startsAt,
      ...(service === undefined ? {} : { component: cut(service, labelCharactersMax) }),
      ...(env === undefined ? {} : { group: cut(env, labelCharactersMax) }),
      class: cut(alert.rule, labelCharactersMax),
      custom_details: details(page, alert),
    },
  }
}

function groupEvent(page: Page): PagerdutyEvent {
  return {
    event_action: page.status === 'resolved' ? 'resolve' : 'trigger',
    dedup_key: `lastpush-${shortHash([page.groupKey])}`,
    ...clientOf(page, undefined),
    payload: {
      summary: cut(headline(page), summaryCharactersMax),
      source: 'lastpush',
      severity: 'error',
    },
  }
}

function clientOf(
  page: Page,
  alert: Alert | undefined,
): Pick<PagerdutyEvent, 'client' | 'client_url' | 'links'> {
  const link = linkOf(page)
  const push = webAddress(deployOf(page, alert)?.url ?? null)
  return {
    client: 'lastpush',
    ...(link === null ? {} : { client_url: link }),
    links: [
      ...(link === null ? [] : [{ href: link, text: 'Open in lastpush' }]),
      ...(push === null ? [] : [{ href: push, text: 'The push' }]),
    ],
  }
}

function details(page: Page, alert: Alert): Readonly<Record<string, unknown>> {
  const labels = Object.entries(alert.labels).slice(0, labelsMax)
  return {
    labels: Object.fromEntries(
      labels.map(([name, value]) => [
        cut(name, labelCharactersMax),
        cut(value, labelCharactersMax),
      ]),
    ),
    value: alert.value,
    threshold: alert.threshold,
    sha: alert.sha,
    by: deployOf(page, alert)?.by ?? null,
    fixed_by: alert.fixedBy,
    samples: alert.samples.map((sample) => visible(start(sample, sampleCharactersMax))),
    key: page.key,
  }
}

/** The event as JSON; without its details where it would be too large, since the page matters more. */
function bounded(whole: PagerdutyEvent): string {
  const text = JSON.stringify(whole)
  if (Buffer.byteLength(text) <= eventBytesMax) return text
  const bare = Object.entries(whole.payload).filter(([name]) => name !== 'custom_details')
  return JSON.stringify({ ...whole, payload: Object.fromEntries(bare) })
}

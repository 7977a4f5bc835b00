/** The webhook's body: Alertmanager's version 4 (its notify/webhook and template packages), with
 *  our own facts beside it: `notification_reason` and `lastpush`. Pure; sending is webhook.ts. */
import type { Alert } from '../model/alert.ts'
import { deployOf, fixOf, headline, pageAbout } from './headline.ts'
import type { Page } from './receiver.ts'

/** Go's zero time, which stands for "not ended". */
const zeroTime = '0001-01-01T00:00:00Z'

type Texts = Readonly<Record<string, string>>

interface BodyAlert {
  readonly status: 'firing' | 'resolved'
  readonly labels: Texts
  readonly annotations: Texts
  readonly startsAt: string
  readonly endsAt: string
  readonly generatorURL: string
  readonly fingerprint: string
}

/** JSON of at most `alertsMax` alerts; `truncatedAlerts` says how many were left out. */
export function webhookBody(page: Page, alertsMax: number): string {
  const [first] = page.alerts
  const kept = page.alerts.slice(0, alertsMax)
  const alerts = kept.map((alert) => bodyAlert(alert, page))
  return JSON.stringify({
    version: '4',
    groupKey: page.groupKey,
    truncatedAlerts: page.alerts.length - kept.length + page.more,
    status: page.status,
    receiver: page.receiver,
    groupLabels: page.groupLabels,
    commonLabels: common(alerts.map((alert) => alert.labels)),
    commonAnnotations: common(alerts.map((alert) => alert.annotations)),
    externalURL: URL.canParse(page.url) ? new URL(page.url).origin : page.url,
    notification_reason: page.reason,
    alerts,
    lastpush: {
      key: page.key,
      url: page.url,
      deploy: deployOf(page, first),
      fixedBy: fixOf(page, first),
      alerts: kept,
    },
  })
}

function bodyAlert(alert: Alert, page: Page): BodyAlert {
  return {
    status: alert.state === 'resolved' ? 'resolved' : 'firing',
    labels: { ...alert.labels, alertname: alert.rule },
    annotations: annotations(alert, page),
    startsAt: alert.startsAt,
    endsAt: alert.endsAt ?? zeroTime,
    generatorURL: page.url,
    fingerprint: alert.fingerprint,
  }
}

/** Annotations are strings; what is unknown is left out. The summary is what people are shown, so it
 *  is the first line of every other kind; the alert's own words alone stand under `lastpush`. */
function annotations(alert: Alert, page: Page): Texts {
  const facts: [string, string | number | null | undefined][] = [
    ['summary', headline(pageAbout(page, alert))],
    ['sha', alert.sha],
    ['deploy', alert.deploy],
    ['fixed_by', alert.fixedBy],
    ['value', alert.value],
    ['threshold', alert.threshold],
    ['sample', alert.samples[0]],
  ]
  return Object.fromEntries(
    facts.flatMap(([name, fact]) => (fact == null ? [] : [[name, String(fact)]])),
  )
}

/** The pairs that all have. */
function common(all: readonly Texts[]): Texts {
  const [first, ...others] = all
  return Object.fromEntries(
    Object.entries(first ?? {}).filter(([name, value]) =>
      others.every((other) => Object.hasOwn(other, name) && other[name] === value),
    ),
  )
}

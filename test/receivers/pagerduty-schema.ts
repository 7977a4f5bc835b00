/** What PagerDuty documents of an event for `v2/enqueue`, as far as lastpush uses it. */

const severities = ['critical', 'error', 'warning', 'info']
const fields = ['routing_key', 'event_action', 'dedup_key', 'client', 'client_url', 'links', 'images', 'payload'] // prettier-ignore
const payloadFields = ['summary', 'source', 'severity', 'timestamp', 'component', 'group', 'class', 'custom_details'] // prettier-ignore

/** Every rule that an event breaks; empty when PagerDuty would take it. */
export function pagerdutyFaults(body: string): readonly string[] {
  const event = JSON.parse(body) as Record<string, unknown>
  const payload = (event['payload'] ?? {}) as Record<string, unknown>
  const links = (event['links'] ?? []) as readonly Record<string, unknown>[]
  const checks: [boolean, string][] = [
    [Buffer.byteLength(body) <= 512_000 + 100, 'the event is too large'],
    [typeof event['routing_key'] === 'string', 'no routing_key'],
    [['trigger', 'resolve', 'acknowledge'].includes(String(event['event_action'])), 'event_action'],
    [textOf(event['dedup_key'], 255), 'dedup_key'],
    [textOf(payload['summary'], 1_024), 'payload.summary'],
    [!/[\x00-\x1f\x7f-\x9f\u202a-\u202e\p{Cs}]/u.test(String(payload['summary'])), 'payload.summary is not one clean line'], // prettier-ignore
    [textOf(payload['source'], 1_024), 'payload.source'],
    [severities.includes(String(payload['severity'])), 'payload.severity'],
    [isTime(payload['timestamp']), 'payload.timestamp'],
    [links.every(({ href, text }) => textOf(href, 2_048) && textOf(text, 255)), 'links'],
  ]
  const unknown = [
    ...Object.keys(event).filter((name) => !fields.includes(name)),
    ...Object.keys(payload).filter((name) => !payloadFields.includes(name)),
  ]
  return [...checks.filter(([holds]) => !holds).map(([, fault]) => fault), ...unknown]
}

function textOf(value: unknown, charactersMax: number): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= charactersMax
}

function isTime(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && !Number.isNaN(Date.parse(value)))
}

/** What a reader of an incident is shown: the summary, then the details, then the links. */
export function pagerdutyText(body: string): string {
  const { payload, links } = JSON.parse(body) as {
    readonly payload: { readonly summary: string; readonly custom_details?: { samples: string[] } }
    readonly links: readonly { readonly href: string }[]
  }
  const samples = payload.custom_details?.samples ?? []
  return [payload.summary, ...samples, ...links.map(({ href }) => href)].join('\n')
}

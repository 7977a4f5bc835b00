/** Alertmanager's webhook body, version 4, as its documentation and its `template.Data` have it: what
 *  a program that reads Alertmanager expects of a body. */
import { z } from 'zod'

const texts = z.record(z.string(), z.string())
const time = z.iso.datetime({ offset: true })

const alert = z.strictObject({
  status: z.enum(['firing', 'resolved']),
  labels: texts.refine((labels) => 'alertname' in labels, 'needs alertname'),
  annotations: texts.refine(({ summary = '' }) => /^[^\x00-\x1f\x7f-\x9f\u202a-\u202e\p{Cs}]{1,1000}$/u.test(summary), 'has a summary that is not one clean line'), // prettier-ignore
  startsAt: time,
  endsAt: time,
  generatorURL: z.string(),
  fingerprint: z.string(),
})

const body = z.strictObject({
  version: z.literal('4'),
  groupKey: z.string(),
  truncatedAlerts: z.int().min(0),
  status: z.enum(['firing', 'resolved']),
  receiver: z.string(),
  groupLabels: texts,
  commonLabels: texts,
  commonAnnotations: texts,
  externalURL: z.string(),
  notification_reason: z.string(),
  alerts: z.array(alert).max(200),
  // Ours; readers of Alertmanager ignore fields that they do not know.
  lastpush: z.looseObject({ key: z.string() }),
})

/** Every rule that a body breaks; empty when a reader of Alertmanager would take it. */
export function webhookFaults(text: string): readonly string[] {
  const read = body.safeParse(JSON.parse(text))
  return read.success ? [] : read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) // prettier-ignore
}

/** What a reader is shown of a body, in the order of Alertmanager's own templates. */
export function webhookText(text: string): string {
  const { alerts } = body.parse(JSON.parse(text))
  const parts = alerts.map(({ annotations: { summary, sample }, generatorURL }) =>
    [summary, sample, generatorURL].filter((part) => part !== undefined).join('\n'),
  )
  return parts.join('\n')
}

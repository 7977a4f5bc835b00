/** Sends notifications to PagerDuty's Events API v2. A page of several alerts is several requests;
 *  an attempt that fails half-way goes on behind the events that were taken, and should a restart
 *  forget how far it was, the `dedup_key` makes the repeat harmless. */
import { z } from 'zod'
import { isPrivate, parseTarget, postJson, type Target } from './http-post.ts'
import type { Outcome, Receiver, ReceiverContext, ReceiverType } from './receiver.ts'
import { pagerdutyBody } from './pagerduty-body.ts'
import { readSecret, secretPlaceText } from '../flow/secret.ts'

/** Time for one attempt after which no further event is begun; the rest is the next attempt's. */
const attemptMsMax = 20_000
/** Half-told notifications whose progress is remembered. */
const progressMax = 1_000
/** When so many events of a notification are refused and none is taken, it is not the events. */
const refusalsMax = 5
const endpoint = 'https://events.pagerduty.com/v2/enqueue'

const options = z
  .strictObject({
    routing_key_file: z.string().min(1).optional(),
    routing_key_env: z.string().min(1).optional(),
    url: z.string().refine(isPrivateUrl, 'must be an https address').default(endpoint),
  })
  .refine(
    ({ routing_key_file: file, routing_key_env: env }) =>
      (file === undefined) !== (env === undefined),
    { message: 'needs either routing_key_file or routing_key_env' },
  )

export type PagerdutyOptions = z.output<typeof options>

/** The receiver type `pagerduty`. */
export const pagerdutyType: ReceiverType<PagerdutyOptions> = {
  kind: 'pagerduty',
  doc: 'Opens and resolves an incident of PagerDuty for each alert, by its Events API v2.',
  example: 'receivers:\n  oncall: { pagerduty: { routing_key_file: /etc/lastpush/pd.key } }',
  options,
  create: createPagerduty,
}

/** How far a notification has been told, kept until it is told whole. */
interface Progress {
  /** Index of the first event that was neither taken nor refused. */
  readonly next: number
  readonly refused: number
  /** The newest refusal. */
  readonly refusal: string
}

function createPagerduty(
  name: string,
  chosen: PagerdutyOptions,
  context: ReceiverContext,
): Receiver {
  const target = parseTarget(chosen.url) as Target
  const place = { file: chosen.routing_key_file, env: chosen.routing_key_env }
  const address = `PagerDuty at ${target.url.host}`
  const progress = new Map<string, Progress>()
  return {
    name,
    address,
    render: pagerdutyBody,
    async send(body, key, signal) {
      const secret = await readSecret(place)
      if (!secret.ok) return { ok: false, retry: true, error: secret.fault }
      if (!/^[0-9A-Za-z]{1,64}$/.test(secret.value)) {
        const error = `${secretPlaceText(place)} must hold one routing key`
        return { ok: false, retry: true, error }
      }
      const events = body.split('\n')
      const post = (event: string, index: number): Promise<Outcome> =>
        postJson({
          target,
          body: withKey(event, secret.value),
          key: `${key}-${index}`,
          clock: context.clock,
          signal,
          address,
          explain: (reply) => explain(reply, secret.value),
        })
      return sendAll(events, key, progress, context, post)
    },
  }
}

/** From the first event that was not told to the end, or to the first failure that may pass. A
 *  refused event does not hold up the alerts behind it, but the notification is parked for it. */
async function sendAll(
  events: readonly string[],
  key: string,
  progress: Map<string, Progress>,
  { clock }: ReceiverContext,
  post: (event: string, index: number) => Promise<Outcome>,
): Promise<Outcome> {
  const startedAt = clock.monotonic()
  let { next, refused, refusal } = progress.get(key) ?? { next: 0, refused: 0, refusal: '' }
  while (next < events.length && (refused < refusalsMax || refused < next)) {
    const outcome =
      clock.monotonic() - startedAt > attemptMsMax
        ? ({ ok: false, retry: true, error: 'it took too long; the rest follows' } as const)
        : await post(events[next] ?? '', next)
    if (!outcome.ok && outcome.retry) {
      remember(progress, key, { next, refused, refusal })
      if (events.length === 1) return outcome
      return { ...outcome, error: `${outcome.error} (after ${next} of ${events.length} alerts)` }
    }
    if (!outcome.ok) {
      refused += 1
      refusal = outcome.error
    }
    next += 1
  }
  progress.delete(key)
  if (refused === 0) return { ok: true }
  const error = events.length === 1 ? refusal : `${refusal} (${refused} of ${next} alerts refused)`
  return { ok: false, retry: false, error }
}

function remember(progress: Map<string, Progress>, key: string, reached: Progress): void {
  progress.delete(key)
  progress.set(key, reached)
  const [oldest] = progress.keys()
  if (progress.size > progressMax && oldest !== undefined) progress.delete(oldest)
}

/** The event with the routing key as its first field. */
function withKey(event: string, routingKey: string): string {
  return JSON.stringify({ routing_key: routingKey, ...(JSON.parse(event) as object) })
}

/** What the API says is wrong with an event; the key is taken out should it be told back. */
function explain(reply: string, routingKey: string): string | null {
  try {
    const { message, errors } = JSON.parse(reply) as { message?: unknown; errors?: unknown }
    const said = [message, ...(Array.isArray(errors) ? (errors as unknown[]) : [])]
    const texts = said.filter((part) => typeof part === 'string')
    return texts.length === 0 ? null : texts.join('; ').replaceAll(routingKey, '…')
  } catch {
    return null
  }
}

function isPrivateUrl(text: string): boolean {
  const target = parseTarget(text)
  return target !== null && isPrivate(target)
}

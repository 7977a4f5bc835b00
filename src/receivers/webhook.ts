/** Posts notifications as Alertmanager's webhook body, version 4, so that whatever reads
 *  Alertmanager reads lastpush; what that form has no room for stands under `lastpush`. The address
 *  comes from the configuration alone; the request is http-post.ts's. */
import { z } from 'zod'
import { parseTarget, postJson, type Target } from './http-post.ts'
import type { Page, Receiver, ReceiverContext, ReceiverType } from './receiver.ts'
import { readSecret } from '../flow/secret.ts'
import { webhookBody } from './webhook-body.ts'

/** Headers that frame the request or are ours to set. */
const reservedHeaders: ReadonlySet<string> = new Set([
  'accept-encoding',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'idempotency-key',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

// A token and a field value of RFC 9110: no CR, LF or NUL can pass.
const headerName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'is no header name')
  .refine((name) => !reservedHeaders.has(name.toLowerCase()), 'is set by lastpush itself')
const headerValue = z
  .string()
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'has characters that a header cannot hold')

const options = z
  .strictObject({
    url: z
      .string()
      .refine((text) => parseTarget(text) !== null, 'must be an http or https address')
      .optional(),
    url_file: z.string().min(1).optional(),
    headers: z.record(headerName, headerValue).default({}),
    max_alerts: z.int().min(1).max(10_000).default(200),
  })
  .refine(({ url, url_file }) => (url === undefined) !== (url_file === undefined), {
    message: 'needs either url or url_file',
  })

export type WebhookOptions = z.output<typeof options>

/** The receiver type `webhook`. */
export const webhookType: ReceiverType<WebhookOptions> = {
  kind: 'webhook',
  doc: "Posts each notification as JSON in the form of Alertmanager's webhook, version 4.",
  example: 'receivers:\n  hook: { webhook: { url: https://hooks.example.com/lastpush } }',
  options,
  create: createWebhook,
}

function createWebhook(name: string, chosen: WebhookOptions, context: ReceiverContext): Receiver {
  const fixed = chosen.url === undefined ? null : parseTarget(chosen.url)
  const address =
    fixed === null ? `the address in ${chosen.url_file ?? ''}` : shownAddress(fixed.url)
  return {
    name,
    address,
    render: (page: Page) => webhookBody(page, chosen.max_alerts),
    async send(body, key, signal) {
      const target = fixed ?? (await targetFromFile(chosen.url_file ?? ''))
      if (typeof target === 'string') return { ok: false, retry: true, error: target }
      const { headers } = chosen
      return postJson({ target, headers, body, key, clock: context.clock, signal, address })
    },
  }
}

/** With many services the path is the secret, with some the query. */
function shownAddress({ origin, pathname, search }: URL): string {
  return pathname === '/' && search === '' ? origin : `${origin}/…`
}

/** A string is the fault. */
async function targetFromFile(file: string): Promise<Target | string> {
  const read = await readSecret({ file })
  if (!read.ok) return read.fault
  return parseTarget(read.value) ?? `${file} must hold one http or https address`
}

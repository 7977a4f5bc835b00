/** Posts notifications to an incoming webhook of Slack. Its address is the secret, so it stands in a
 *  file or in the environment and is never shown. An incoming webhook answers with neither id nor
 *  thread, so a resolution is a message of its own. */
import { z } from 'zod'
import { isPrivate, parseTarget, postJson, type Target } from './http-post.ts'
import type { Receiver, ReceiverContext, ReceiverType } from './receiver.ts'
import { readSecret, secretPlaceText, type SecretPlace } from '../flow/secret.ts'
import { slackBody } from './slack-body.ts'

const options = z
  .strictObject({
    url_file: z.string().min(1).optional(),
    url_env: z.string().min(1).optional(),
  })
  .refine(({ url_file, url_env }) => (url_file === undefined) !== (url_env === undefined), {
    message: 'needs either url_file or url_env',
  })

export type SlackOptions = z.output<typeof options>

/** The receiver type `slack`. */
export const slackType: ReceiverType<SlackOptions> = {
  kind: 'slack',
  doc: 'Posts each notification to a channel of Slack through an incoming webhook.',
  example: 'receivers:\n  chat: { slack: { url_file: /etc/lastpush/slack.url } }',
  options,
  create: createSlack,
}

function createSlack(name: string, chosen: SlackOptions, context: ReceiverContext): Receiver {
  const place = { file: chosen.url_file, env: chosen.url_env }
  const address = `Slack, by the address in ${secretPlaceText(place)}`
  return {
    name,
    address,
    render: slackBody,
    async send(body, key, signal) {
      const target = await readTarget(place)
      if (typeof target === 'string') return { ok: false, retry: true, error: target }
      return postJson({ target, body, key, clock: context.clock, signal, address, explain })
    },
  }
}

/** A string is the fault. */
async function readTarget(place: SecretPlace): Promise<Target | string> {
  const read = await readSecret(place)
  if (!read.ok) return read.fault
  const target = parseTarget(read.value)
  return target !== null && isPrivate(target)
    ? target
    : `${secretPlaceText(place)} must hold one https address`
}

/** Slack refuses with one word such as `invalid_blocks` or `channel_is_archived`. */
function explain(reply: string): string | null {
  return /^[a-z_]{1,60}$/.test(reply.trim()) ? reply.trim() : null
}

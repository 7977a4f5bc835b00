/** The single list of all kinds. Nothing is loaded by name or found by scanning folders: a search
 *  for a kind finds every place that knows it. */
import { consoleType } from './receivers/console.ts'
import { emailType } from './receivers/email.ts'
import { execType } from './receivers/exec.ts'
import { ircType } from './receivers/irc.ts'
import { pagerdutyType } from './receivers/pagerduty.ts'
import type { ReceiverType } from './receivers/receiver.ts'
import { slackType } from './receivers/slack.ts'
import { webhookType } from './receivers/webhook.ts'
import { frequency } from './rules/frequency.ts'
import { newSignature } from './rules/new-signature.ts'
import { percentageMatch } from './rules/percentage-match.ts'
import { regression } from './rules/regression.ts'
import type { RuleType } from './rules/rule.ts'
import { file } from './sources/file.ts'
import { kafka } from './sources/kafka.ts'
import type { SourceType } from './sources/source.ts'
import { stdin } from './sources/stdin.ts'

export const sourceTypes = [file, stdin, kafka] as const
export const ruleTypes: readonly RuleType[] = [frequency, percentageMatch, newSignature, regression]
export const receiverTypes = [
  consoleType,
  webhookType,
  emailType,
  slackType,
  pagerdutyType,
  ircType,
  execType,
] as const

/** Types whose options only their own `create` understands. */
export type AnySourceType = SourceType<never>
export type AnyReceiverType = ReceiverType<never>

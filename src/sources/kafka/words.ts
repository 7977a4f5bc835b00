/** What the client says, in words for an operator, and its log lines in ours. */
import type { LogEntry } from 'kafkajs'
import type { Log } from '../../flow/log.ts'

/** Causes that lead to one another, at most. */
const causesMax = 5

/** An error of kafkajs as a sentence without its class names; the first cause says most. */
export function reasonOf(error: unknown): string {
  let cause = error
  for (let i = 0; i < causesMax && hasCause(cause); i++) cause = cause.cause
  if (!(cause instanceof Error)) return String(cause)
  return cause.message
}

function hasCause(error: unknown): error is { readonly cause: Error } {
  return error instanceof Error && error.name.startsWith('KafkaJS') && error.cause instanceof Error
}

/** True when the brokers do not take the user and the password. */
export function isRefusal(error: unknown): boolean {
  let cause = error
  for (let i = 0; i < causesMax && hasCause(cause); i++) cause = cause.cause
  return cause instanceof Error && cause.name.includes('SASLAuthentication')
}

/** Log creator of kafkajs. An outage is one line of ours; the many lines of the client are for those
 *  who look closer. */
export function clientLog(log: Log, source: string): () => (entry: LogEntry) => void {
  return () =>
    ({ namespace, log: { message, timestamp: _, logger: __, ...facts } }) =>
      log.debug({ source, namespace, ...facts }, `kafka client: ${message}`)
}

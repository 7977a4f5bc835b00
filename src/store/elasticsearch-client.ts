/** The one place that loads the Elasticsearch client, when it is configured and first used, and that
 *  reads its errors. The client itself never tries again: the indexer and the bulk do, with pauses
 *  that the clock of the daemon knows. */
import type { Client } from '@elastic/elasticsearch'
import { readFile } from 'node:fs/promises'
import { LastpushError } from '../model/errors.ts'
import type { ElasticsearchOptions } from './elasticsearch-options.ts'

/** For one request, ms. */
const requestMsMax = 30_000

/** A client with the secrets as they are now; it connects with its first request. */
export async function connect(options: ElasticsearchOptions): Promise<Client> {
  const { Client } = await import('@elastic/elasticsearch')
  const { node, username, password_file, api_key_file, ca_file } = options
  return new Client({
    node,
    maxRetries: 0,
    requestTimeout: requestMsMax,
    ...(username === undefined || password_file === undefined
      ? {}
      : { auth: { username, password: await secret(password_file) } }),
    ...(api_key_file === undefined ? {} : { auth: { apiKey: await secret(api_key_file) } }),
    ...(ca_file === undefined ? {} : { tls: { ca: await secret(ca_file) } }),
  })
}

async function secret(path: string): Promise<string> {
  try {
    const text = (await readFile(path, 'utf8')).trim()
    if (text !== '') return text
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause)
    throw new LastpushError('INDEX_REFUSED', `${path} cannot be read: ${why}`, { cause })
  }
  throw new LastpushError('INDEX_REFUSED', `${path} is empty`)
}

/** What the client's errors have, as far as it matters here. */
interface ClientError {
  readonly name?: string
  readonly message?: string
  readonly statusCode?: number
  readonly body?: unknown
}

/** The HTTP status of a refused request; null when there was no answer. */
export function statusOf(error: unknown): number | null {
  return (error as ClientError).statusCode ?? null
}

/** Elasticsearch's name for what went wrong, such as `index_not_found_exception`; '' if unknown. */
export function reasonType(error: unknown): string {
  return causeOf(error).type ?? ''
}

/**
 * The error to show for what the client threw.
 * @returns INDEX_AWAY where trying again may help, else INDEX_REFUSED; LastpushErrors as they are.
 */
export function indexError(error: unknown, node: string): LastpushError {
  if (error instanceof LastpushError) return error
  const { name, message } = error as ClientError
  const status = statusOf(error)
  const { type, reason } = causeOf(error)
  const said = [status, type, reason].filter((part) => part !== undefined && part !== null)
  const what = said.length > 0 ? said.join(' ') : `${name ?? 'error'}: ${message ?? String(error)}`
  const text = `Elasticsearch at ${node}: ${what.slice(0, 500)}`
  if (name === 'ProductNotSupportedError') {
    return new LastpushError('INDEX_REFUSED', `what answers at ${node} is no Elasticsearch`, { cause: error }) // prettier-ignore
  }
  const refused = status !== null && status >= 400 && status < 500 && !mayPass(status, type ?? '')
  return new LastpushError(refused ? 'INDEX_REFUSED' : 'INDEX_AWAY', text, { cause: error })
}

/** True for what time may mend: too much to do, a full disk, shards that are not there yet. */
export function mayPass(status: number, type: string): boolean {
  if (status === 429 || status === 408 || status >= 500) return true
  return type === 'cluster_block_exception' || type === 'validation_exception'
}

function causeOf(error: unknown): { type?: string; reason?: string } {
  const body = (error as ClientError).body
  const found = (body as { error?: unknown } | null | undefined)?.error
  if (typeof found === 'string') return { reason: found }
  return (found as { type?: string; reason?: string } | undefined) ?? {}
}

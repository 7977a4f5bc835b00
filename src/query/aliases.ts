/** Names of the Elastic Common Schema that queries may use for our fields, so that a query pasted
 *  from Kibana works. Only names whose values have the same form and unit are aliases:
 *  `event.duration` counts nanoseconds, so it is none. */

const aliases = new Map<string, string>([
  ['@timestamp', 'time'],
  ['client.address', 'client'],
  ['client.ip', 'client'],
  ['error.code', 'code'],
  ['error.stack_trace', 'stack'],
  ['error.type', 'exception'],
  ['host.name', 'host'],
  ['http.request.id', 'request_id'],
  ['http.request.method', 'method'],
  ['http.request.referrer', 'referer'],
  ['http.response.body.bytes', 'bytes'],
  ['http.response.bytes', 'bytes'],
  ['http.response.status_code', 'status'],
  ['log.level', 'level'],
  ['log.logger', 'module'],
  ['log.origin.file.line', 'line'],
  ['log.origin.file.name', 'file'],
  ['process.pid', 'pid'],
  ['process.thread.id', 'tid'],
  ['service.environment', 'env'],
  ['service.name', 'service'],
  ['source.address', 'client'],
  ['source.ip', 'client'],
  ['url.domain', 'vhost'],
  ['url.path', 'path'],
  ['url.query', 'query'],
  ['user.name', 'user'],
  ['user_agent.original', 'agent'],
])

/** Our name for a field as it was written; names without an alias stay. */
export function fieldNamed(written: string): string {
  return aliases.get(written) ?? written
}

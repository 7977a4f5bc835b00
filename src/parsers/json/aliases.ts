/** The names that loggers have for our fields. Leaves reading to reader.ts, and the choice between
 *  several names of one field in a line to row-writer.ts. */
import { fieldNames } from '../../model/event.ts'

/** Our field → the names that stand for it, the best first: ECS, then the habits of pino, Bunyan,
 *  Monolog, zap, logrus, structlog and of access logs written as JSON. */
const aliases: Readonly<Partial<Record<(typeof fieldNames)[number], readonly string[]>>> = {
  time: ['@timestamp', 'timestamp', 'time', 'ts', 'datetime'],
  level: ['log.level', 'level', 'severity', 'lvl', 'level_name', 'log_level'],
  message: ['message', 'msg', 'log', 'event', 'error.message', 'err.message'],
  client: ['client', 'client.ip', 'source.ip', 'remote_addr', 'client_ip', 'req.remoteAddress'],
  user: ['user', 'user.name', 'remote_user'],
  method: ['method', 'http.request.method', 'req.method', 'request_method'],
  path: ['path', 'url.path'],
  query: ['query', 'url.query'],
  status: ['status', 'http.response.status_code', 'status_code', 'statusCode', 'res.statusCode'],
  bytes: ['bytes', 'http.response.body.bytes', 'body_bytes_sent', 'bytes_sent'],
  referer: ['referer', 'http.request.referrer', 'http_referer', 'referrer'],
  agent: ['agent', 'user_agent.original', 'http_user_agent', 'user_agent', 'userAgent'],
  duration_ms: ['duration_ms', 'responseTime', 'latency_ms', 'elapsed_ms'],
  host: ['host', 'host.name', 'host.hostname', 'hostname'],
  vhost: ['vhost', 'url.domain'],
  file: ['file', 'log.origin.file.name'],
  line: ['line', 'log.origin.file.line'],
  pid: ['pid', 'process.pid'],
  tid: ['tid', 'process.thread.id'],
  code: ['code', 'error.code', 'err.code'],
  exception: ['exception', 'error.type', 'err.type', 'exception.class'],
  stack: ['stack', 'error.stack_trace', 'err.stack', 'stack_trace', 'stacktrace'],
  service: ['service', 'service.name'],
  env: ['env', 'environment', 'service.environment', 'deployment.environment'],
  sha: ['sha', 'git.sha', 'git_sha', 'git.commit.sha'],
  request_id: ['request_id', 'http.request.id', 'requestId', 'reqId', 'req.id'],
}

export interface Alias {
  readonly field: string
  /** Place among the names of the field; 0 is the best. */
  readonly rank: number
}

const byName: ReadonlyMap<string, Alias> = new Map(
  fieldNames.flatMap((field) =>
    (aliases[field] ?? [field]).map((name, rank) => [name, { field, rank }] as const),
  ),
)

/** The field that a dotted name stands for; undefined when it is no name of ours. */
export function aliasOf(name: string): Alias | undefined {
  return byName.get(name)
}

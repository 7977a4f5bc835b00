/** The parser of JSON lines: the fields that loggers agree on get our names, all others keep theirs
 *  with dots between levels. Leaves reading to json-reader.ts. */
import { rowKind, ValueColumn, type Column, type Columns, type Unparsed } from '../model/columns.ts'
import { fieldNames } from '../model/event.ts'
import { JsonFault, readJsonLine, type Leaf } from './json-reader.ts'
import { toLevel } from './levels.ts'
import { splitLines } from './lines.ts'
import type { ParseContext, Parser } from './parser.ts'
import { readEpoch, timeReader } from './time.ts'

/** Distinct fields of a batch besides our own names; further ones are ignored. */
const otherFieldsMax = 256

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

interface Alias {
  readonly field: string
  /** Place among the names of the field; 0 is the best. */
  readonly rank: number
}

const byName = new Map<string, Alias>(
  fieldNames.flatMap((field) =>
    (aliases[field] ?? [field]).map((name, rank) => [name, { field, rank }] as const),
  ),
)

const readText = timeReader(['rfc3339', 'epoch'])

/** Events of lines that are one JSON object; any other line is unparsed. */
export function jsonParser(name: string): Parser {
  return { name, multiline: false, access: false, parse: parseBatch }
}

function parseBatch(bytes: Buffer, context: ParseContext): Columns {
  const { rows, lineStart, lineEnd } = splitLines(bytes)
  const kind = new Uint8Array(rows).fill(rowKind.unparsed)
  const time = new Float64Array(rows).fill(NaN)
  const fields = new Map<string, ValueColumn>()
  for (let row = 0; row < rows; row++) {
    const line = bytes.toString('utf8', lineStart[row], lineEnd[row])
    const event = line === '' ? null : readEvent(line, context.zone)
    if (event === null || 'reason' in event) continue
    kind[row] = rowKind.event
    time[row] = event.time
    for (const [field, value] of event.fields) put(fields, field, row, value)
  }
  const unparsed = (row: number): Unparsed => {
    const event = readEvent(bytes.toString('utf8', lineStart[row], lineEnd[row]), context.zone)
    return 'reason' in event ? event : { reason: '', column: 1 }
  }
  const columns: Map<string, Column> = fields
  return { bytes, rows, kind, lineStart, lineEnd, time, fields: columns, unparsed }
}

/** A line's fields under our names; time NaN when it gives none. */
interface JsonEvent {
  readonly time: number
  readonly fields: ReadonlyMap<string, string | number>
}

function readEvent(line: string, zone: string): JsonEvent | Unparsed {
  if (line === '') return { reason: 'empty line', column: 1 }
  let leaves: Leaf[]
  try {
    leaves = readJsonLine(line)
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error
    return { reason: error.message, column: [...line.slice(0, error.unit)].length + 1 }
  }
  const fields = new Map<string, string | number>()
  const candidates = new Map<string, (Leaf & Alias)[]>()
  for (const leaf of leaves) {
    const alias = byName.get(leaf.name)
    if (alias === undefined) fields.set(leaf.name, leaf.value)
    else {
      const list = candidates.get(alias.field) ?? []
      list.push({ ...leaf, ...alias })
      candidates.set(alias.field, list)
    }
  }
  const times = candidates.get('time') ?? []
  const time = readTime(times, zone)
  if (Number.isNaN(time) && times.length > 0) return { reason: 'bad time', column: 1 }
  candidates.delete('time')
  for (const list of candidates.values()) choose(list, fields)
  return { time, fields }
}

/** Sets a field from the best of its names; the others stay under their own names, unless that is
 *  a name of ours. Of one name given twice the last counts, as JSON.parse has it. */
function choose(list: readonly (Leaf & Alias)[], fields: Map<string, string | number>): void {
  const seen = new Set<string>()
  let chosen = false
  for (const { name, field, value } of list.toReversed().sort((a, b) => a.rank - b.rank)) {
    if (seen.has(name)) continue
    seen.add(name)
    const usable = chosen ? null : field === 'level' ? toLevel(value) : value
    if (usable !== null) {
      fields.set(field, usable)
      chosen = true
    } else if (name !== field) fields.set(name, value)
  }
}

/** The best readable time. One that cannot be read must not hide another that can. */
function readTime(list: readonly (Leaf & Alias)[], zone: string): number {
  for (const { value } of list.toReversed().sort((a, b) => a.rank - b.rank)) {
    const bytes = Buffer.from(String(value))
    const read = typeof value === 'number' ? readEpoch : readText
    const time = read(bytes, 0, bytes.length, zone)
    if (!Number.isNaN(time)) return time
  }
  return NaN
}

/** Values start empty and grow: an array a field and row would let one line of many fields in a
 *  batch of short ones take gigabytes. */
function put(
  fields: Map<string, ValueColumn>,
  field: string,
  row: number,
  value: string | number,
): void {
  let column = fields.get(field)
  if (column === undefined) {
    if (fields.size >= otherFieldsMax && !byName.has(field)) return
    column = new ValueColumn(0)
    fields.set(field, column)
  }
  column.values[row] = value
}

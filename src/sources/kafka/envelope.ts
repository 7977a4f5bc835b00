/** Messages that a log shipper has wrapped: JSON around the line, with what the shipper knows of it.
 *  The line is taken out, and what is known fills our fields; what the line itself says wins later.
 *  Shapes: Filebeat (and whatever else writes ECS around `message`), Vector, Fluent Bit. */

/** Bytes of an envelope; a line may fill most of it, escaped. */
export const envelopeBytesMax = 4_194_304

export const envelopes = ['none', 'auto', 'filebeat', 'vector', 'fluent_bit'] as const
export type Envelope = (typeof envelopes)[number]

/** What was in an envelope. */
export interface Unwrapped {
  readonly line: Buffer
  /** When the shipper read it, ms since the epoch; null when it does not say. */
  readonly timeMs: number | null
  readonly fields: readonly (readonly [name: string, value: string])[]
}

/** How one shipper writes. */
interface Shape {
  /** Where the line is. */
  readonly line: string
  readonly time: string
  /** Field of ours → where its value is, most telling first. */
  readonly fields: Readonly<Record<string, readonly string[]>>
}

const kubernetes = {
  'kubernetes.namespace': ['kubernetes.namespace', 'kubernetes.namespace_name', 'kubernetes.pod_namespace'], // prettier-ignore
  'kubernetes.pod': ['kubernetes.pod.name', 'kubernetes.pod_name'],
  'kubernetes.container': ['kubernetes.container.name', 'kubernetes.container_name'],
} as const

const shapes: Readonly<Record<Exclude<Envelope, 'none' | 'auto'>, Shape>> = {
  filebeat: {
    line: 'message',
    time: '@timestamp',
    fields: {
      service: ['fields.service', 'service.name'],
      env: ['fields.env', 'service.environment'],
      host: ['host.name', 'host.hostname', 'agent.hostname'],
      'log.path': ['log.file.path'],
      ...kubernetes,
    },
  },
  vector: {
    line: 'message',
    time: 'timestamp',
    fields: {
      service: ['service'],
      env: ['env'],
      host: ['host', 'hostname'],
      'log.path': ['file'],
      ...kubernetes,
    },
  },
  fluent_bit: {
    line: 'log',
    time: '@timestamp',
    fields: {
      service: ['service', 'kubernetes.labels.app'],
      env: ['env'],
      host: ['host', 'hostname', 'kubernetes.host'],
      'log.path': ['path', 'filename'],
      'log.stream': ['stream'],
      ...kubernetes,
    },
  },
}

/**
 * Takes the line out of a message.
 * @returns `as it is` when `auto` recognises no envelope, and a reason when the message should be one
 *   and is not.
 */
export function unwrap(
  value: Buffer,
  envelope: Exclude<Envelope, 'none'>,
): Unwrapped | 'as it is' | { readonly reason: string } {
  const whole = envelope === 'auto' ? ('as it is' as const) : null
  if (value.length > envelopeBytesMax) {
    return whole ?? { reason: `it is too large to be unwrapped: ${value.length} bytes` }
  }
  const outer = objectIn(value)
  if (outer === null) return whole ?? { reason: 'it is no JSON object' }
  const kind = envelope === 'auto' ? recognised(outer) : envelope
  if (kind === null) return 'as it is'
  const shape = shapes[kind]
  const line = at(outer, shape.line)
  if (typeof line !== 'string') return whole ?? { reason: `it has no text ${shape.line}` }
  return {
    line: Buffer.from(line),
    timeMs: timeOf(at(outer, shape.time)),
    fields: Object.entries(shape.fields).flatMap(([name, places]) => {
      const found = places.map((place) => at(outer, place)).find(isText)
      return found === undefined ? [] : [[name, String(found)] as const]
    }),
  }
}

/** By what each shipper alone writes. */
function recognised(outer: object): keyof typeof shapes | null {
  const isEvent = typeof at(outer, 'message') === 'string'
  if (isEvent && (isText(at(outer, '@metadata.beat')) || isText(at(outer, 'agent.type')))) {
    return 'filebeat'
  }
  if (isEvent && isText(at(outer, 'source_type'))) return 'vector'
  const hasTime = ['string', 'number'].includes(typeof at(outer, '@timestamp'))
  return hasTime && typeof at(outer, 'log') === 'string' ? 'fluent_bit' : null
}

function objectIn(value: Buffer): object | null {
  // Nothing else can be an object, and a plain line is not parsed for nothing.
  if (value.find((byte) => byte > 0x20) !== 0x7b) return null
  try {
    return JSON.parse(value.toString()) as object
  } catch {
    return null
  }
}

/** The value at a path, whose dots may also stand in a key; undefined when there is none. */
function at(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  if (Object.hasOwn(value, path)) return (value as Readonly<Record<string, unknown>>)[path]
  const dot = path.indexOf('.')
  if (dot < 0) return undefined
  const [first, rest] = [path.slice(0, dot), path.slice(dot + 1)]
  if (!Object.hasOwn(value, first)) return undefined
  return at((value as Readonly<Record<string, unknown>>)[first], rest)
}

function isText(value: unknown): value is string | number {
  return (typeof value === 'string' && value !== '') || typeof value === 'number'
}

/** A text in RFC 3339, or seconds since the epoch. */
function timeOf(value: unknown): number | null {
  const ms = typeof value === 'number' ? value * 1_000 : Date.parse(String(value))
  return Number.isFinite(ms) && ms > 0 ? ms : null
}

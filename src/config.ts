/** lastpush.yaml → Config: checked, with every default in one place, every fault at its line. What
 *  it describes is built by the composition root. */
import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { routeDefaults, type Route } from './alerts/route.ts'
import { LastpushError, type Fault } from './model/errors.ts'
import { isZone, machineZone } from './parsers/zone.ts'
import type { ServiceQuery } from './pipeline/enrich.ts'
import type { SourceSettings } from './pipeline.ts'
import { parseQuery, type Query } from './query/query.ts'
import { duration, queryText } from './query/schema.ts'
import { receiverTypes, sourceTypes, type AnyReceiverType, type AnySourceType } from './registry.ts'
import {
  elasticsearchFiles,
  elasticsearchOptions,
  type ElasticsearchOptions,
} from './store/elasticsearch-options.ts'
import type { ExposureKind } from './windows/history.ts'
import { check, faultsAt, readYaml, type YamlDocument } from './yaml/document.ts'

/** Folder of the installed package: where the shipped rules/ and parsers/ are. */
export const packageRoot = fileURLToPath(new URL('..', import.meta.url))

export const shippedRules = join(packageRoot, 'rules/*.yaml')
export const shippedParsers = join(packageRoot, 'parsers/*.yaml')

/** What is indexed when nobody says otherwise. */
const storeQueryDefault = 'level:(emerg OR alert OR crit OR error) OR status:[500 TO 599]'
export const latenessDefaultMs = 30_000
const eventsKeptDefaultMs = 30 * 86_400_000

/** A source as configured: what the pipeline needs, and what builds it. */
export interface SourceConfig {
  readonly settings: SourceSettings
  readonly type: AnySourceType
  readonly options: never
}

export interface ReceiverConfig {
  readonly name: string
  readonly type: AnyReceiverType
  readonly options: never
}

/** Plain and checked. Durations in ms; paths absolute. */
export interface Config {
  readonly file: string | null
  readonly env: string
  readonly sources: readonly SourceConfig[]
  /** Followed logs in Deployinator's format. */
  readonly deployLogs: readonly string[]
  readonly services: readonly ServiceQuery[]
  readonly exposures: ReadonlyMap<string, ExposureKind>
  readonly rules: readonly string[]
  readonly parsers: readonly string[]
  readonly keepFiringMs: number | null
  /** Lateness of sources that set none. */
  readonly latenessMs: number
  readonly receivers: readonly ReceiverConfig[]
  readonly route: Route
  readonly store: {
    /** null: as the command line or the environment says. */
    readonly path: string | null
    readonly eventsKeptMs: number
    readonly query: Query
    /** null: events are indexed in the data directory. */
    readonly elasticsearch: ElasticsearchOptions | null
  }
  readonly http: { readonly host: string; readonly port: number }
}

const zone = z.string().refine(isZone, { error: ({ input }) => `${JSON.stringify(input)} is no time zone such as "Europe/Berlin"` }) // prettier-ignore
const listOrOne = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => (typeof given === 'string' ? [given] : given))

/** A field for each kind, checked by the kind's own schema afterwards. */
function kindFields<Kind extends string>(types: readonly { readonly kind: Kind }[]) {
  const fields = types.map(({ kind }) => [kind, z.unknown().optional()])
  return Object.fromEntries(fields) as Record<Kind, z.ZodOptional<z.ZodUnknown>>
}

const schema = z.strictObject({
  env: z.string().min(1).default('production'),
  lateness: duration.default(latenessDefaultMs),
  keep_firing_for: duration.optional(),
  zone: zone.optional(),
  sources: z
    .array(
      z.strictObject({
        name: z.string().optional(),
        service: z.string().optional(),
        env: z.string().optional(),
        parser: z.string().optional(),
        zone: zone.optional(),
        lateness: duration.optional(),
        ...kindFields(sourceTypes),
      }),
    )
    .default([]),
  deploys: z.array(z.strictObject({ log: z.string() })).default([]),
  services: z
    .record(
      z.string(),
      z.strictObject({
        query: queryText.optional(),
        exposure: z.enum(['access', 'seconds']).default('seconds'),
      }),
    )
    .default({}),
  rules: listOrOne.optional(),
  parsers: listOrOne.default([]),
  receivers: z.record(z.string(), z.strictObject(kindFields(receiverTypes))).default({}),
  route: z
    .strictObject({
      receiver: z.string().optional(),
      group_by: z.array(z.string()).default([...routeDefaults.groupBy]),
      group_wait: duration.default(routeDefaults.groupWaitMs),
      group_interval: duration.default(routeDefaults.groupIntervalMs),
      repeat_interval: duration.default(routeDefaults.repeatIntervalMs),
    })
    .prefault({}),
  store: z
    .strictObject({
      path: z.string().optional(),
      events: duration.default(eventsKeptDefaultMs),
      query: queryText.default(parseQuery(storeQueryDefault)),
      elasticsearch: elasticsearchOptions.optional(),
    })
    .prefault({}),
  http: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: z.int().min(0).max(65_535).default(7077),
    })
    .prefault({}),
})
type Given = z.output<typeof schema>

/** The configuration of somebody who has written none. */
export function defaultConfig(): Config {
  return parseConfig('(defaults)', '{}', process.cwd())
}

/** Reads a configuration file. @throws LastpushError CONFIG_INVALID with every fault. */
export function loadConfig(path: string): Config {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new LastpushError('CONFIG_INVALID', `cannot read ${path}: ${why}`, { cause })
  }
  return parseConfig(resolve(path), text, dirname(resolve(path)))
}

/** @param base Folder that relative paths in it start from. */
export function parseConfig(file: string, text: string, base: string): Config {
  const document = readYaml(file, text)
  const given = check(document, schema)
  const faults: Fault[] = []
  const at = (path: string): string => (isAbsolute(path) ? path : join(base, path))
  const sources = given.sources.map((source, index) => readSource(source, index, given, faults, at))
  const receivers = Object.entries(given.receivers).map(([name, entry]) =>
    readReceiver(name, entry, faults),
  )
  const route = readRoute(given, receivers, faults)
  assertUniqueNames(sources, faults)
  if (faults.length > 0) throw located(document, faults)
  return {
    file: text === '{}' ? null : file,
    env: given.env,
    sources: sources.filter((source) => source !== null),
    deployLogs: given.deploys.map(({ log }) => at(log)),
    services: Object.entries(given.services).flatMap(([service, { query }]) =>
      query === undefined ? [] : [{ service, query }],
    ),
    exposures: new Map(
      Object.entries(given.services).map(([service, { exposure }]) => [service, exposure]),
    ),
    rules: given.rules === undefined ? [shippedRules] : given.rules.map(at),
    parsers: [shippedParsers, ...given.parsers.map(at)],
    keepFiringMs: given.keep_firing_for ?? null,
    latenessMs: given.lateness,
    receivers: receivers.filter((receiver) => receiver !== null),
    route,
    store: {
      path: given.store.path === undefined ? null : at(given.store.path),
      eventsKeptMs: given.store.events,
      query: given.store.query,
      elasticsearch: readElasticsearch(given.store.elasticsearch, at),
    },
    http: given.http,
  }
}

/** A file source for paths given on the command line. */
export function fileSourceConfig(
  paths: readonly string[],
  settings: Omit<SourceSettings, 'name'> & { readonly name?: string },
): SourceConfig {
  const type = sourceTypes.find(({ kind }) => kind === 'file') as unknown as AnySourceType
  const options = type.options.parse({
    paths: paths.map((path) => resolve(path)),
    from: 'beginning',
  })
  return { settings: { name: 'files', ...settings }, type, options }
}

function readSource(
  entry: Given['sources'][number],
  index: number,
  given: Given,
  faults: Fault[],
  at: (path: string) => string,
): SourceConfig | null {
  const field = `sources[${index}]`
  const found = onlyKind(sourceTypes as readonly unknown[] as readonly AnySourceType[], entry, field, faults) // prettier-ignore
  if (found === null) return null
  const options = readOptions(
    found.type.options,
    found.value,
    `${field}.${found.type.kind}`,
    faults,
  )
  if (options === null) return null
  return {
    type: found.type,
    options: resolvePaths(options, at) as never,
    settings: {
      name: entry.name ?? `${found.type.kind}-${index + 1}`,
      service: entry.service ?? null,
      env: entry.env ?? given.env,
      parser: entry.parser ?? null,
      zone: entry.zone ?? given.zone ?? machineZone(),
      latenessMs: entry.lateness ?? given.lateness,
    },
  }
}

/** Paths of a source are relative to the configuration file, not to the working directory. */
function resolvePaths(options: object, at: (path: string) => string): object {
  if (!('paths' in options)) return options
  return { ...options, paths: (options.paths as readonly string[]).map(at) }
}

function readElasticsearch(
  given: ElasticsearchOptions | undefined,
  at: (path: string) => string,
): ElasticsearchOptions | null {
  if (given === undefined) return null
  const files = elasticsearchFiles.flatMap((name) => {
    const path = given[name]
    return path === undefined ? [] : [[name, at(path)]]
  })
  return { ...given, ...(Object.fromEntries(files) as Partial<ElasticsearchOptions>) }
}

function readReceiver(name: string, entry: object, faults: Fault[]): ReceiverConfig | null {
  const field = `receivers.${name}`
  const found = onlyKind(receiverTypes as readonly unknown[] as readonly AnyReceiverType[], entry, field, faults) // prettier-ignore
  if (found === null) return null
  const options = readOptions(found.type.options, found.value ?? {}, `${field}.${found.type.kind}`, faults) // prettier-ignore
  return options === null ? null : { name, type: found.type, options: options as never }
}

/** The one kind that an entry names. */
function onlyKind<T extends { readonly kind: string }>(
  types: readonly T[],
  entry: object,
  field: string,
  faults: Fault[],
): { type: T; value: unknown } | null {
  const named = types.filter((type) => type.kind in entry)
  const [type] = named
  if (type === undefined || named.length > 1) {
    const kinds = types.map(({ kind }) => kind).join(', ')
    faults.push({ place: { file: '', field }, message: `needs exactly one of ${kinds}` })
    return null
  }
  return { type, value: (entry as Readonly<Record<string, unknown>>)[type.kind] }
}

function readOptions(
  options: z.ZodType,
  value: unknown,
  field: string,
  faults: Fault[],
): object | null {
  const read = options.safeParse(value)
  if (read.success) return read.data as object
  for (const issue of read.error.issues) {
    const path = [field, ...issue.path.map(String)].join('.')
    faults.push({ place: { file: '', field: path }, message: issue.message })
  }
  return null
}

function readRoute(
  given: Given,
  receivers: readonly (ReceiverConfig | null)[],
  faults: Fault[],
): Route {
  const names = receivers.flatMap((receiver) => receiver?.name ?? [])
  const receiver = given.route.receiver ?? names[0] ?? 'console'
  if (given.route.receiver !== undefined && !names.includes(receiver)) {
    const message = `no receiver is named ${JSON.stringify(receiver)}; known are ${names.join(', ') || 'none'}` // prettier-ignore
    faults.push({ place: { file: '', field: 'route.receiver' }, message })
  }
  return {
    receiver,
    groupBy: given.route.group_by,
    groupWaitMs: given.route.group_wait,
    groupIntervalMs: given.route.group_interval,
    repeatIntervalMs: given.route.repeat_interval,
  }
}

function assertUniqueNames(sources: readonly (SourceConfig | null)[], faults: Fault[]): void {
  const seen = new Set<string>()
  for (const [index, source] of sources.entries()) {
    if (source === null) continue
    const { name } = source.settings
    if (seen.has(name)) {
      const message = `the name ${JSON.stringify(name)} is taken by another source`
      faults.push({ place: { file: '', field: `sources[${index}].name` }, message })
    }
    seen.add(name)
  }
}

function located(document: YamlDocument, faults: readonly Fault[]): unknown {
  const message = `${faults.length} fault${faults.length === 1 ? '' : 's'} in the configuration`
  return faultsAt(document, new LastpushError('CONFIG_INVALID', message, { faults }))
}

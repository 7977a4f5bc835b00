/** lastpush.yaml → Config: checked, with every default in one place, every fault at its line. What
 *  it describes is built by the composition root. */
import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { Routing } from './alerts/route.ts'
import {
  assertUniqueNames,
  assertUniqueTopics,
  readReceiver,
  readSource,
  type ReceiverConfig,
  type SourceConfig,
} from './config/entries.ts'
import { readRouting } from './config/route.ts'
import { schema, type Given } from './config/schema.ts'
import { soundParts } from './config/sound.ts'
import type { SecretPlace } from './flow/secret.ts'
import { LastpushError, type Fault } from './model/errors.ts'
import { packageRoot } from './package.ts'
import type { Query } from './query/query.ts'
import type { ServiceQuery } from './sources/settings.ts'
import { elasticsearchFiles, type ElasticsearchOptions } from './store/elasticsearch-options.ts'
import type { ExposureKind } from './windows/history.ts'
import { examine, faultsAt, invalid, readYaml, type YamlDocument } from './yaml/document.ts'

export const shippedRules = join(packageRoot, 'rules/*.yaml')
export const shippedParsers = join(packageRoot, 'parsers/*.yaml')

/** Plain and checked. Durations in ms; paths absolute. */
export interface Config {
  readonly file: string | null
  readonly env: string
  /** Of times that name none, wherever a source says nothing else; null: this machine's. */
  readonly zone: string | null
  readonly sources: readonly SourceConfig[]
  /** Followed logs in Deployinator's format. */
  readonly deployLogs: readonly string[]
  readonly services: readonly ServiceQuery[]
  readonly exposures: ReadonlyMap<string, ExposureKind>
  readonly rules: readonly string[]
  readonly parsers: readonly string[]
  /** Threads that parse ahead in a pass over files. */
  readonly workers: number | 'auto'
  readonly keepFiringMs: number | null
  /** Lateness of sources that set none. */
  readonly latenessMs: number
  readonly receivers: readonly ReceiverConfig[]
  readonly routing: Routing
  readonly store: {
    /** null: as the command line or the environment says. */
    readonly path: string | null
    readonly eventsKeptMs: number
    readonly query: Query
    /** null: events are indexed in the data directory. */
    readonly elasticsearch: ElasticsearchOptions | null
  }
  readonly http: HttpConfig
}

export interface HttpConfig {
  readonly host: string
  readonly port: number
  /** Where the token is that everybody must show; null: nobody needs one. */
  readonly token: SecretPlace | null
  /** Names by which people reach the server, beside its addresses. */
  readonly names: readonly string[]
}

/** The configuration of somebody who has written none. */
export function defaultConfig(): Config {
  return parseConfig('(defaults)', '{}', process.cwd())
}

/** Reads a configuration file. @throws LastpushError CONFIG_INVALID with every fault. */
export function loadConfig(path: string): Config {
  return whole(readConfig(path), path)
}

/** A configuration as far as it has no faults, and all the faults. */
export interface ReadConfig {
  readonly config: Config
  readonly faults: readonly Fault[]
}

/** Reads a configuration file. @throws LastpushError CONFIG_INVALID when it is no YAML. */
export function readConfig(path: string): ReadConfig {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new LastpushError('CONFIG_INVALID', `cannot read ${path}: ${why}`, { cause })
  }
  return readText(resolve(path), text, dirname(resolve(path)))
}

/** @param base Folder that relative paths in it start from. */
export function parseConfig(file: string, text: string, base: string): Config {
  return whole(readText(file, text, base), file)
}

function whole({ config, faults }: ReadConfig, file: string): Config {
  if (faults.length > 0) throw invalid(file, faults)
  return config
}

function readText(file: string, text: string, base: string): ReadConfig {
  const document = readYaml(file, text)
  const faults: Fault[] = []
  const at = (path: string): string => (isAbsolute(path) ? path : join(base, path))
  const { given, indexes } = readGiven(document, faults)
  const context = { document, faults, at }
  const sources = Array.from<SourceConfig | null>({ length: Math.max(0, ...indexes) + 1 }).fill(null) // prettier-ignore
  for (const [place, source] of given.sources.entries()) {
    const index = indexes[place] ?? place
    sources[index] = readSource(source, index, given, context)
  }
  const receivers = Object.entries(given.receivers).map(([name, entry]) =>
    readReceiver(name, entry, context),
  )
  const routing = readRouting(given, receiverNames(document), faults)
  assertUniqueNames(sources, faults)
  assertUniqueTopics(sources, faults)
  const parts = { sources, receivers, routing }
  return {
    config: { ...configOf(given, parts, at), file: text === '{}' ? null : file },
    faults: located(document, faults),
  }
}

/** What the document says; where it has faults, what its sound parts say.
 *  @returns `indexes`: entry of the given sources → entry of the document's. */
function readGiven(
  document: YamlDocument,
  faults: Fault[],
): { readonly given: Given; readonly indexes: readonly number[] } {
  const read = examine(document, schema)
  if (read.ok) return { given: read.data, indexes: [...read.data.sources.keys()] }
  faults.push(...read.faults)
  const sound = soundParts(document.value, read.faults)
  const rest = sound === null ? null : schema.safeParse(sound.value)
  if (sound === null || rest?.success !== true) throw invalid(document.file, faults)
  return { given: rest.data, indexes: sound.sources }
}

/** Also of those that have faults: a route to one of them has none. */
function receiverNames({ value }: YamlDocument): readonly string[] {
  const receivers = (value as { readonly receivers?: unknown } | null)?.receivers
  return typeof receivers === 'object' && receivers !== null ? Object.keys(receivers) : []
}

function configOf(
  given: Given,
  parts: {
    readonly sources: readonly (SourceConfig | null)[]
    readonly receivers: readonly (ReceiverConfig | null)[]
    readonly routing: Routing
  },
  at: (path: string) => string,
): Omit<Config, 'file'> {
  return {
    env: given.env,
    zone: given.zone ?? null,
    sources: parts.sources.filter((source) => source !== null),
    deployLogs: given.deploys.map(({ log }) => at(log)),
    services: Object.entries(given.services).flatMap(([service, { query }]) =>
      query === undefined ? [] : [{ service, query }],
    ),
    exposures: new Map(
      Object.entries(given.services).map(([service, { exposure }]) => [service, exposure]),
    ),
    rules: given.rules === undefined ? [shippedRules] : given.rules.map(at),
    parsers: [shippedParsers, ...given.parsers.map(at)],
    workers: given.workers,
    keepFiringMs: given.keep_firing_for ?? null,
    latenessMs: given.lateness,
    receivers: parts.receivers.filter((receiver) => receiver !== null),
    routing: parts.routing,
    store: {
      path: given.store.path === undefined ? null : at(given.store.path),
      eventsKeptMs: given.store.events,
      query: given.store.query,
      elasticsearch: readElasticsearch(given.store.elasticsearch, at),
    },
    http: readHttp(given.http, at),
  }
}

function readHttp(given: Given['http'], at: (path: string) => string): HttpConfig {
  const { host, port, names, token_file: file, token_env: env } = given
  const token = file !== undefined ? { file: at(file) } : env !== undefined ? { env } : null
  return { host, port, names, token }
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

/** Faults with their lines, in the order of the file. */
function located(document: YamlDocument, faults: readonly Fault[]): readonly Fault[] {
  const told = faultsAt(document, new LastpushError('CONFIG_INVALID', '', { faults }))
  const at = told instanceof LastpushError ? told.faults : faults
  return [...at].sort(
    ({ place: a }, { place: b }) =>
      (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0),
  )
}

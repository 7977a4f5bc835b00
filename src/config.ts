/** lastpush.yaml → Config: checked, with every default in one place, every fault at its line. What
 *  it describes is built by the composition root. */
import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
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
import type { SecretPlace } from './flow/secret.ts'
import { LastpushError, type Fault } from './model/errors.ts'
import type { Query } from './query/query.ts'
import type { ServiceQuery } from './sources/settings.ts'
import { elasticsearchFiles, type ElasticsearchOptions } from './store/elasticsearch-options.ts'
import type { ExposureKind } from './windows/history.ts'
import { check, faultsAt, readYaml, type YamlDocument } from './yaml/document.ts'

/** Folder of the installed package: where the shipped rules/ and parsers/ are. */
export const packageRoot = fileURLToPath(new URL('..', import.meta.url))

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
    readReceiver(name, entry, faults, at),
  )
  const routing = readRouting(given, receivers, faults)
  assertUniqueNames(sources, faults)
  assertUniqueTopics(sources, faults)
  if (faults.length > 0) throw located(document, faults)
  return {
    file: text === '{}' ? null : file,
    env: given.env,
    zone: given.zone ?? null,
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
    workers: given.workers,
    keepFiringMs: given.keep_firing_for ?? null,
    latenessMs: given.lateness,
    receivers: receivers.filter((receiver) => receiver !== null),
    routing,
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

function located(document: YamlDocument, faults: readonly Fault[]): unknown {
  const message = `${faults.length} fault${faults.length === 1 ? '' : 's'} in the configuration`
  return faultsAt(document, new LastpushError('CONFIG_INVALID', message, { faults }))
}

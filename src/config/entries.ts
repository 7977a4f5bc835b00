/** Sources and receivers of lastpush.yaml: the one kind that an entry names, and its options checked
 *  by that kind. */
import { resolve } from 'node:path'
import type { Fault } from '../model/errors.ts'
import { machineZone } from '../parsers/zone.ts'
import {
  receiverTypes,
  sourceTypes,
  type AnyReceiverType,
  type AnySourceType,
} from '../registry.ts'
import type { KafkaOptions } from '../sources/kafka/options.ts'
import { isPattern, meet } from '../sources/kafka/topic-names.ts'
import { kafka } from '../sources/kafka.ts'
import type { SourceSettings } from '../sources/settings.ts'
import { examine, type YamlDocument } from '../yaml/document.ts'
import { fieldName, type FieldPath } from '../yaml/place.ts'
import type { Given } from './schema.ts'

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

/** A file source for paths given on the command line. */
export function fileSourceConfig(
  paths: readonly string[],
  settings: Omit<SourceSettings, 'name'>,
): SourceConfig {
  const options = { paths: paths.map((path) => resolve(path)), from: 'beginning' }
  return sourceConfig('file', 'files', options, settings)
}

/** Standard input as a source, for `-` on the command line. */
export function stdinSourceConfig(settings: Omit<SourceSettings, 'name'>): SourceConfig {
  return sourceConfig('stdin', 'stdin', {}, settings)
}

function sourceConfig(
  kind: (typeof sourceTypes)[number]['kind'],
  name: string,
  options: object,
  settings: Omit<SourceSettings, 'name'>,
): SourceConfig {
  const type = sourceTypes.find((each) => each.kind === kind) as unknown as AnySourceType
  return { settings: { name, ...settings }, type, options: type.options.parse(options) }
}

/** What the entries of a configuration are read with. */
export interface EntryContext {
  readonly document: YamlDocument
  readonly faults: Fault[]
  /** The place of a path that is relative to the configuration. */
  readonly at: (path: string) => string
}

export function readSource(
  entry: Given['sources'][number],
  index: number,
  given: Given,
  context: EntryContext,
): SourceConfig | null {
  const path = ['sources', index]
  const types = sourceTypes as readonly unknown[] as readonly AnySourceType[]
  const found = onlyKind(types, entry, path, context.faults)
  if (found === null) return null
  const options = readOptions(found, path, context)
  if (options === null) return null
  return {
    type: found.type,
    options: resolvePaths(options, context.at) as never,
    settings: {
      name: entry.name ?? `${found.type.kind}-${index + 1}`,
      service: entry.service ?? null,
      env: entry.env ?? given.env,
      ...(entry.host === undefined ? {} : { host: entry.host }),
      ...(entry.path_labels === undefined ? {} : { pathLabels: entry.path_labels }),
      parser: entry.parser ?? null,
      zone: entry.zone ?? given.zone ?? machineZone(),
      latenessMs: entry.lateness ?? given.lateness,
    },
  }
}

/** Paths of a source are relative to the configuration file, not to the working directory. */
function resolvePaths(options: object, at: (path: string) => string): object {
  const entries = Object.entries(options).map(([key, value]: [string, unknown]) => {
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
    return [key, isMap ? resolveFiles(value, at) : value]
  })
  const resolved = resolveFiles(Object.fromEntries(entries) as object, at)
  if (!('paths' in options)) return resolved
  const paths = (options.paths as readonly string[]).map(at)
  if (!('exclude' in options)) return { ...resolved, paths }
  // A pattern without a slash is one of names, which are the same everywhere.
  const exclude = (options.exclude as readonly string[]).map((pattern) =>
    pattern.includes('/') ? at(pattern) : pattern,
  )
  return { ...resolved, paths, exclude }
}

/** The same for single files: passwords, addresses, authorities. */
function resolveFiles(options: object, at: (path: string) => string): object {
  const entries = Object.entries(options).map(([key, value]: [string, unknown]) =>
    key.endsWith('_file') && typeof value === 'string' ? [key, at(value)] : [key, value],
  )
  return Object.fromEntries(entries) as object
}

export function readReceiver(
  name: string,
  entry: object,
  context: EntryContext,
): ReceiverConfig | null {
  const path = ['receivers', name]
  const types = receiverTypes as readonly unknown[] as readonly AnyReceiverType[]
  const found = onlyKind(types, entry, path, context.faults)
  if (found === null) return null
  const options = readOptions({ ...found, value: found.value ?? {} }, path, context)
  if (options === null) return null
  return { name, type: found.type, options: resolveFiles(options, context.at) as never }
}

/** The one kind that an entry names. */
function onlyKind<T extends { readonly kind: string }>(
  types: readonly T[],
  entry: object,
  path: FieldPath,
  faults: Fault[],
): { type: T; value: unknown } | null {
  const named = types.filter((type) => type.kind in entry)
  const [type] = named
  if (type === undefined || named.length > 1) {
    const kinds = types.map(({ kind }) => kind).join(', ')
    const place = { file: '', field: fieldName(path) }
    faults.push({ place, message: `needs exactly one of ${kinds}` })
    return null
  }
  return { type, value: (entry as Readonly<Record<string, unknown>>)[type.kind] }
}

function readOptions(
  { type, value }: { readonly type: AnySourceType | AnyReceiverType; readonly value: unknown },
  path: FieldPath,
  { document, faults }: EntryContext,
): object | null {
  const read = examine(document, type.options, value, [...path, type.kind])
  if (read.ok) return read.data
  faults.push(...read.faults)
  return null
}

export function assertUniqueNames(
  sources: readonly (SourceConfig | null)[],
  faults: Fault[],
): void {
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

/** True when two configured topics may stand for the same one. */
function areOne(a: string, b: string): boolean {
  return isPattern(a) || isPattern(b) ? meet(a, b) : a === b
}

/** A partition is known by its topic and number, wherever it comes from. */
export function assertUniqueTopics(
  sources: readonly (SourceConfig | null)[],
  faults: Fault[],
): void {
  const readBy = new Map<string, string>()
  for (const [index, source] of sources.entries()) {
    if (source?.type.kind !== kafka.kind) continue
    const { name } = source.settings
    for (const topic of (source.options as KafkaOptions).topics) {
      const [, other] = [...readBy].find(([theirs]) => areOne(theirs, topic)) ?? []
      if (other !== undefined) {
        const message = `the source ${JSON.stringify(other)} reads the topic ${topic} already`
        faults.push({ place: { file: '', field: `sources[${index}].kafka.topics` }, message })
      }
      readBy.set(topic, name)
    }
  }
}

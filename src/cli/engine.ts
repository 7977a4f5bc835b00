/** Builds what one-pass commands need from their options: the catalog, a tracker with the deploys
 *  of a file, and a replay over files. */
import { loadParsers, loadRules } from '../catalog.ts'
import { defaultConfig, loadConfig, type Config } from '../config.ts'
import type { SourceConfig } from '../config/entries.ts'
import { readDeployFile } from '../deploys/deploy-file.ts'
import { DeployTracker } from '../deploys/tracker.ts'
import { silentLog } from '../flow/log.ts'
import { faultLine, LastpushError } from '../model/errors.ts'
import { visible } from '../model/escape.ts'
import { replay, type Replayed } from '../replay.ts'
import type { Rule } from '../rules/rule.ts'
import { file } from '../sources/file.ts'
import type { Source } from '../sources/source.ts'
import { stdin, stdinSource } from '../sources/stdin.ts'
import type { Io } from './io.ts'

export interface OnePassOptions {
  readonly config?: string
  readonly parser?: string
  readonly deploys?: string
  readonly zone?: string
  readonly service?: string
  readonly env?: string
  readonly rules?: readonly string[]
  readonly workers?: number
}

export function configOf(options: { readonly config?: string }): Config {
  return options.config === undefined ? defaultConfig() : loadConfig(options.config)
}

/** Rule files of `--rules`: none for `none`, the configured ones when it is absent. */
export function rulePatterns(options: OnePassOptions, config: Config): readonly string[] {
  if (options.rules === undefined) return config.rules
  return options.rules.filter((pattern) => pattern !== 'none')
}

/** A tracker with the deploys of `--deploys`; lines that are none are told on stderr. */
export function readDeploys(io: Io, path: string | undefined, env: string): DeployTracker {
  const tracker = new DeployTracker()
  if (path === undefined) return tracker
  const { deploys, faults, faulty } = readDeployFile(path, { env })
  for (const fault of faults) io.err.write(`${faultLine(fault)}\n`)
  if (faulty > faults.length) io.err.write(`${path}: ${faulty} lines are no deploys\n`)
  for (const deploy of deploys) tracker.add(deploy)
  return tracker
}

/** What a pass over files gave. */
export interface Pass extends Replayed {
  readonly deploys: DeployTracker
  readonly rules: readonly Rule[]
  /** Sources that could not be read. */
  readonly faults: ReadonlyMap<string, string>
}

/** What a pass goes over. */
export interface PassParts {
  readonly config: Config
  readonly sources: readonly SourceConfig[]
  /** Files and globs. */
  readonly rules: readonly string[]
}

/** Reads sources once, from their beginning to their end, through parsers and rules. */
export async function onePass(
  io: Io,
  { config, sources, rules: patterns }: PassParts,
  options: OnePassOptions,
): Promise<Pass> {
  const loaded = await loadParsers(config.parsers)
  const parsers = loaded.map(({ parser }) => parser)
  assertParser(
    options.parser,
    parsers.map((parser) => parser.name),
  )
  const rules =
    patterns.length === 0 ? [] : (await loadRules(patterns, config)).map(({ rule }) => rule)
  const deploys = readDeploys(io, options.deploys, options.env ?? config.env)
  const faults = new Map<string, string>()
  const done = await replay({
    clock: io.clock,
    log: silentLog,
    readers: sources.flatMap((source) => readerOf(io, source)),
    rules,
    parsers,
    deploys,
    sources: new Map(sources.map(({ settings }) => [settings.name, settings])),
    services: config.services,
    exposure: (service) => config.exposures.get(service ?? '') ?? 'seconds',
    storeQuery: null,
    ahead: {
      workers: options.workers ?? config.workers,
      parserFiles: new Map(loaded.map(({ parser, file }) => [parser.name, file])),
    },
    onDetected: (partition, parser, matched, of) =>
      void io.err.write(`${partition}: format ${parser} (${matched} of the first ${of} lines)\n`),
    onFault: (partition, message) => {
      faults.set(partition, message)
      io.err.write(`${partition}: ${message}\n`)
    },
  })
  if (faults.size > 0) io.exitCode = new LastpushError('SOURCE_UNREADABLE', '').exitCode
  return { ...done, deploys, rules, faults }
}

/** What reads a source to its end; none for what has no end, which is said. */
function readerOf(io: Io, { type, settings: { name }, options }: SourceConfig): readonly Source[] {
  if (type.kind === file.kind) {
    return [
      type.create(name, {
        ...(options as object),
        from: 'beginning',
        ignore_older: undefined,
      } as never),
    ]
  }
  if (type.kind === stdin.kind) return [stdinSource(name, io.input)]
  io.err.write(`${visible(name)}: not read: ${type.kind} has no end to read to\n`)
  return []
}

function assertParser(name: string | undefined, known: readonly string[]): void {
  if (name === undefined || known.includes(name)) return
  throw new LastpushError('USAGE', `no parser is named ${name}; known are ${known.join(', ')}`)
}

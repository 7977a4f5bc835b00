/** Builds what one-pass commands need from their options: the catalog, a tracker with the deploys
 *  of a file, and a replay over files. */
import { loadParsers, loadRules } from '../catalog.ts'
import { defaultConfig, loadConfig, type Config } from '../config.ts'
import { fileSourceConfig } from '../config/entries.ts'
import { readDeployFile } from '../deploys/deploy-file.ts'
import { DeployTracker } from '../deploys/tracker.ts'
import { silentLog } from '../flow/log.ts'
import { faultLine, LastpushError } from '../model/errors.ts'
import { isZone, machineZone } from '../parsers/zone.ts'
import { replay, type Replayed } from '../replay.ts'
import type { Rule } from '../rules/rule.ts'
import type { Source } from '../sources/source.ts'
import { stdinSource } from '../sources/stdin.ts'
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

/** Reads files (or `-`, standard input) once through parsers and rules. */
export async function onePass(
  io: Io,
  files: readonly string[],
  patterns: readonly string[],
  options: OnePassOptions,
): Promise<Pass> {
  const config = configOf(options)
  const zone = options.zone ?? machineZone()
  if (!isZone(zone))
    throw new LastpushError('USAGE', `${zone} is no time zone such as Europe/Berlin`)
  const loaded = await loadParsers(config.parsers)
  const parsers = loaded.map(({ parser }) => parser)
  assertParser(
    options.parser,
    parsers.map((parser) => parser.name),
  )
  const rules =
    patterns.length === 0 ? [] : (await loadRules(patterns, config)).map(({ rule }) => rule)
  const env = options.env ?? config.env
  const deploys = readDeploys(io, options.deploys, env)
  const settings = {
    service: options.service ?? null,
    env,
    parser: options.parser ?? null,
    zone,
    latenessMs: config.latenessMs,
  }
  const faults = new Map<string, string>()
  const paths = files.filter((file) => file !== '-')
  const readers: Source[] = []
  if (paths.length > 0) {
    const fileSource = fileSourceConfig(paths, settings)
    readers.push(fileSource.type.create('files', fileSource.options))
  }
  if (files.includes('-')) readers.push(stdinSource('stdin', io.input))
  const done = await replay({
    clock: io.clock,
    log: silentLog,
    readers,
    rules,
    parsers,
    deploys,
    sources: new Map(['files', 'stdin'].map((name) => [name, { ...settings, name }])),
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

function assertParser(name: string | undefined, known: readonly string[]): void {
  if (name === undefined || known.includes(name)) return
  throw new LastpushError('USAGE', `no parser is named ${name}; known are ${known.join(', ')}`)
}

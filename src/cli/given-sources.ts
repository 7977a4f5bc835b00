/** What the command line adds to the configuration: sources for the files it names, and the settings
 *  that its options give them. Options win over the configuration, which wins over the machine. */
import type { Config } from '../config.ts'
import { fileSourceConfig, stdinSourceConfig, type SourceConfig } from '../config/entries.ts'
import { LastpushError } from '../model/errors.ts'
import { isZone, machineZone } from '../parsers/zone.ts'

interface SourceOptions {
  readonly parser?: string
  readonly zone?: string
  readonly service?: string
  readonly env?: string
}

/** The sources of files and globs, and of `-`, standard input. @throws LastpushError USAGE */
export function sourcesGiven(
  files: readonly string[],
  options: SourceOptions,
  config: Config,
): readonly SourceConfig[] {
  const settings = {
    service: options.service ?? null,
    env: options.env ?? config.env,
    parser: options.parser ?? null,
    zone: zoneGiven(options, config),
    latenessMs: config.latenessMs,
  }
  const paths = files.filter((file) => file !== '-')
  const sources = paths.length === 0 ? [] : [fileSourceConfig(paths, settings)]
  if (files.includes('-')) sources.push(stdinSourceConfig(settings))
  return sources
}

/** The zone of times that name none. @throws LastpushError USAGE */
export function zoneGiven(options: { readonly zone?: string }, config: Config): string {
  const zone = options.zone ?? config.zone ?? machineZone()
  if (isZone(zone)) return zone
  throw new LastpushError('USAGE', `${zone} is no time zone such as Europe/Berlin`)
}

/** @throws LastpushError USAGE when nothing is left to read. */
export function assertSomething(sources: readonly SourceConfig[]): void {
  if (sources.length > 0) return
  const message = 'nothing to read: name log files, or a lastpush.yaml with sources (-c)'
  throw new LastpushError('USAGE', message)
}

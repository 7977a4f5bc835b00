/** `check`: reads configuration, rules and parsers as the daemon would, and says all that is wrong
 *  at once, each fault at its line. */
import { readFileSync } from 'node:fs'
import { loadParsers, loadRules, type RuleFile } from '../catalog.ts'
import type { Config } from '../config.ts'
import { unknownRouteLabels } from '../config/route-labels.ts'
import { visible } from '../model/escape.ts'
import { faultLine, LastpushError, type Fault } from '../model/errors.ts'
import { briefly } from '../parsers/compile/explain.ts'
import { faultsAt, readYaml } from '../yaml/document.ts'
import { configOf } from './engine.ts'
import { print, type AddCommand, type Io } from './io.ts'

interface CheckOptions {
  readonly config?: string
}

export const addCheck: AddCommand = (program, io) => {
  program
    .command('check')
    .summary('check configuration, rules and parsers without running them')
    .argument('[rules...]', 'rule files or globs; default: those of the configuration')
    .option('-c, --config <file>', 'lastpush.yaml')
    .addHelpText('after', '\nExample:\n  lastpush check -c lastpush.yaml\n')
    .action((rules: string[], options: CheckOptions) => check(io, rules, options))
}

async function check(io: Io, given: readonly string[], options: CheckOptions): Promise<void> {
  const config = configOf(options)
  const faults: Fault[] = []
  const rules = await gather(loadRules(given.length > 0 ? given : config.rules, config), faults)
  const parsers = await gather(loadParsers(config.parsers), faults)
  const names = new Set(parsers.map(({ parser }) => parser.name))
  for (const { settings } of config.sources) {
    if (settings.parser === null || names.has(settings.parser) || parsers.length === 0) continue
    const message = `no parser is named ${settings.parser}; known are ${[...names].join(', ')}`
    faults.push({ place: { file: config.file ?? '', field: `source ${settings.name}` }, message })
  }
  if (faults.length > 0) {
    const many = faults.length === 1 ? 'one fault' : `${faults.length} faults`
    throw new LastpushError('CONFIG_INVALID', many, { faults })
  }
  const { length } = config.sources
  print(io, `ok: ${length} sources, ${rules.length} rules, ${parsers.length} parsers, ${config.receivers.length} receivers`) // prettier-ignore
  // Rules of the command line alone cannot tell which labels there are.
  if (given.length === 0) warn(io, config, rules)
  for (const { parser } of parsers) {
    if (parser.runs === undefined) continue
    for (const line of briefly(parser.name, parser.runs())) print(io, `  ${visible(line)}`)
  }
}

/** What can be run and is hardly what was meant. */
function warn(io: Io, config: Config, rules: readonly RuleFile[]): void {
  const faults = unknownRouteLabels(
    config.routing,
    rules.map(({ rule }) => rule),
  )
  if (config.file === null || faults.length === 0) return
  const document = readYaml(config.file, readFileSync(config.file, 'utf8'))
  const located = faultsAt(document, new LastpushError('CONFIG_INVALID', 'labels', { faults }))
  if (!(located instanceof LastpushError)) return
  for (const fault of located.faults) print(io, `warning: ${visible(faultLine(fault))}`)
}

async function gather<T>(loading: Promise<readonly T[]>, faults: Fault[]): Promise<readonly T[]> {
  try {
    return await loading
  } catch (error) {
    if (!(error instanceof LastpushError) || error.faults.length === 0) throw error
    faults.push(...error.faults)
    return []
  }
}

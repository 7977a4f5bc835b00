/** `check`: reads configuration, rules and parsers as the daemon would, and says all that is wrong
 *  at once, each fault at its line. */
import { loadParsers, loadRules } from '../catalog.ts'
import { defaultConfig, readConfig, type Config } from '../config.ts'
import { visible } from '../model/escape.ts'
import { LastpushError, type Fault } from '../model/errors.ts'
import { briefly } from '../parsers/compile/explain.ts'
import { bindAddress } from '../server/listen.ts'
import { readToken } from '../server/token.ts'
import { labelsThatNobodyGives, unreadableSecrets } from './check-warnings.ts'
import { counted, print, type AddCommand, type Io } from './io.ts'

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
  const { config, faults: found } =
    options.config === undefined ? { config: defaultConfig(), faults: [] } : readConfig(options.config) // prettier-ignore
  const faults = [...found]
  const rules = await gather(loadRules(given.length > 0 ? given : config.rules, config), faults)
  const parsers = await gather(loadParsers(config.parsers), faults)
  const names = new Set(parsers.map(({ parser }) => parser.name))
  for (const { settings } of config.sources) {
    if (settings.parser === null || names.has(settings.parser) || parsers.length === 0) continue
    const message = `no parser is named ${settings.parser}; known are ${[...names].join(', ')}`
    faults.push({ place: { file: config.file ?? '', field: `source ${settings.name}` }, message })
  }
  faults.push(...(await reachFaults(config)))
  warn(io, unreadableSecrets(config))
  if (faults.length > 0) {
    const many = faults.length === 1 ? 'one fault' : `${faults.length} faults`
    throw new LastpushError('CONFIG_INVALID', many, { faults })
  }
  const { sources, receivers } = config
  const to = receivers.length === 0 ? 'no receiver (the console is used)' : counted(receivers.length, 'receiver') // prettier-ignore
  print(io, `ok: ${counted(sources.length, 'source')}, ${counted(rules.length, 'rule')}, ${counted(parsers.length, 'parser')}, ${to}`) // prettier-ignore
  // Rules of the command line alone cannot tell which labels there are.
  if (given.length === 0) warn(io, labelsThatNobodyGives(config, rules))
  for (const { parser } of parsers) {
    if (parser.runs === undefined) continue
    for (const line of briefly(parser.name, parser.runs())) print(io, `  ${visible(line)}`)
  }
}

/** What would keep the daemon from listening. */
async function reachFaults({ file, http }: Config): Promise<readonly Fault[]> {
  const faults: Fault[] = []
  const note = (field: string, error: unknown): void => {
    if (!(error instanceof LastpushError)) throw error
    faults.push({ place: { file: file ?? '', field }, message: error.message })
  }
  try {
    bindAddress(http.host, http.token !== null)
  } catch (error) {
    note('http.host', error)
  }
  if (http.token === null) return faults
  const field = http.token.file === undefined ? 'http.token_env' : 'http.token_file'
  await readToken(http.token).catch((error: unknown) => note(field, error))
  return faults
}

function warn(io: Io, sentences: readonly string[]): void {
  for (const sentence of sentences) io.err.write(`warning: ${visible(sentence)}\n`)
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

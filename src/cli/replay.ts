/** `replay`: what rules would have done over recorded lines, by the engine that runs live. */
import { configOf, onePass, type OnePassOptions } from './engine.ts'
import { sourcesGiven } from './given-sources.ts'
import { counted, print, printJson, type AddCommand, type Io } from './io.ts'
import { alertLine } from './summary.ts'
import { LastpushError } from '../model/errors.ts'

interface ReplayOptions extends OnePassOptions {
  readonly json?: boolean
}

export const addReplay: AddCommand = (program, io) => {
  program
    .command('replay')
    .summary('run rules over recorded logs and show the alerts they would have raised')
    .argument(
      '<rules-and-files...>',
      'arguments that end in .yaml or .yml are rules, the rest logs',
    )
    .option('-c, --config <file>', 'lastpush.yaml')
    .option('--parser <name>', 'format of the files')
    .option(
      '--zone <name>',
      "zone of times that name none; default as configured, else this machine's",
    )
    .option('--service <name>', 'service of the files')
    .option('--env <name>', 'environment of the files')
    .option('--deploys <file>', 'deploys: Deployinator lines, or NDJSON')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  lastpush replay rules/error-burst.yaml error.log --deploys deploys.log\n',
    ) // prettier-ignore
    .action((given: string[], options: ReplayOptions) => replayCommand(io, given, options))
}

async function replayCommand(
  io: Io,
  given: readonly string[],
  options: ReplayOptions,
): Promise<void> {
  const rules = given.filter((name) => /\.ya?ml$/.test(name))
  const files = given.filter((name) => !rules.includes(name))
  if (rules.length === 0 || files.length === 0) {
    throw new LastpushError('USAGE', 'replay needs at least one rule (*.yaml) and one log file')
  }
  const config = configOf(options)
  const sources = sourcesGiven(files, options, config)
  const pass = await onePass(io, { config, sources, rules }, options)
  const lines = [...pass.pipeline.partitions()].reduce((sum, { lines: n }) => sum + n, 0)
  if (options.json === true) return printJson(io, { lines, alerts: pass.alerts })
  print(io, `${counted(lines, 'line')}, ${counted(pass.alerts.length, 'alert')}`)
  for (const alert of pass.alerts) print(io, `  ${alertLine(alert)}`)
}

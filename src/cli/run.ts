/** `run`: the daemon, or with `--once` one pass over files and a summary. */
import { configOf, onePass, rulePatterns } from './engine.ts'
import { assertSomething, sourcesGiven } from './given-sources.ts'
import { collect, printJson, type AddCommand, type Io } from './io.ts'
import type { RunOptions } from './run-options.ts'
import { printSummary, summaryOf } from './summary.ts'
import { wholeNumber } from './whole-number.ts'
import { workersMax } from '../config/schema.ts'
import { LastpushError } from '../model/errors.ts'

export const addRun: AddCommand = (program, io) => {
  program
    .command('run')
    .summary('follow logs, count, alert; with --once read them to the end and stop')
    .argument('[files...]', 'log files or globs, read from the beginning; - is standard input')
    .option('-c, --config <file>', 'lastpush.yaml')
    .option('--once', 'read to the end, print a summary and exit')
    .option('--json', 'with --once: print one JSON object')
    .option('--parser <name>', 'format of the files; told from their first lines when absent')
    .option(
      '--zone <name>',
      "zone of times that name none; default as configured, else this machine's",
    )
    .option('--service <name>', 'service of the files')
    .option('--env <name>', 'environment of the files')
    .option('--deploys <file>', 'deploys: Deployinator lines, or NDJSON')
    .option(
      '--rules <glob>',
      'rule files, or none; may be repeated; default: the shipped pack',
      collect,
    )
    .option(
      '--workers <number>',
      'with --once: threads that parse ahead; default as configured, else auto',
      wholeNumber('--workers', 0, workersMax),
    )
    .option('--data <dir>', 'data directory of the daemon')
    .option('--host <address>', 'address to listen on; other than loopback needs a token')
    .option('--token-file <file>', 'file with the token that everybody must show')
    .option(
      '--port <number>',
      'port of the page and the API; 0 takes a free one',
      wholeNumber('--port', 0, 65_535),
    )
    .addHelpText('after', examples)
    .action(async (files: string[], options: RunOptions) => {
      assertTogether(options)
      if (options.once === true) await runOnce(io, files, options)
      else await (await import('./follow.ts')).runDaemon(io, files, options)
    })
}

const examples = `
Examples:
  lastpush run /var/log/nginx/access.log /var/log/php/error.log
  lastpush run -c /etc/lastpush/lastpush.yaml
  lastpush run access.log --once --json --deploys deploys.log
`

/** What only a pass can do is refused of a daemon: ignored, it would look like done. */
function assertTogether({ once, json, workers }: RunOptions): void {
  if (once === true) return
  const alone = json === true ? '--json' : workers === undefined ? null : '--workers'
  if (alone !== null) throw new LastpushError('USAGE', `${alone} goes with --once`)
}

async function runOnce(io: Io, files: readonly string[], options: RunOptions): Promise<void> {
  const config = configOf(options)
  const sources = [...config.sources, ...sourcesGiven(files, options, config)]
  assertSomething(sources)
  const pass = await onePass(io, { config, sources, rules: rulePatterns(options, config) }, options)
  const summary = summaryOf(pass)
  if (options.json === true) printJson(io, summary)
  else printSummary(io, summary)
}

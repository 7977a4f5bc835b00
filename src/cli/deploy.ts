/** `deploy`: reports a deploy to the daemon, or, when none runs, to the spool that the next one
 *  takes up. */
import { readReport } from '../deploys/report.ts'
import { shortSha, type Deploy } from '../model/deploy.ts'
import { appendToSpool } from '../store/spool.ts'
import { findDaemon, tokenFileOption } from './client.ts'
import { configOf } from './engine.ts'
import { dataDirOf, print, printJson, type AddCommand, type Io } from './io.ts'

interface DeployOptions {
  readonly sha: string
  readonly env?: string
  readonly service?: string
  readonly by?: string
  readonly url?: string
  readonly previous?: string
  readonly start?: string
  readonly end?: string
  readonly kind?: string
  readonly status?: string
  readonly config?: string
  readonly data?: string
  readonly server?: string
  readonly tokenFile?: string
  readonly json?: boolean
}

export const addDeploy: AddCommand = (program, io) => {
  program
    .command('deploy')
    .summary('report that code went out')
    .requiredOption('--sha <sha>', 'what names the code; 4 to 64 characters')
    .option('--env <name>', 'environment; default as configured, else production')
    .option('--service <name>', 'service; default: all of the environment')
    .option('--by <name>', 'who pushed')
    .option('--url <url>', 'address of the diff or the run')
    .option('--previous <sha>', 'what was live before; default: the deploy before')
    .option('--start <time>', 'first moment at which the new code may answer; default now')
    .option('--end <time>', 'when the roll-out ended')
    .option('--kind <kind>', 'push, rollback or config')
    .option('--status <status>', 'running, done or failed')
    .option('-c, --config <file>', 'lastpush.yaml')
    .option('--data <dir>', 'data directory of the daemon')
    .option(
      '--server <url>',
      'address of the daemon; default $LASTPUSH_SERVER, else its data directory',
    )
    .option(...tokenFileOption)
    .option('--json', 'print the deploy as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  lastpush deploy --sha $(git rev-parse HEAD) --service web --by $USER\n',
    ) // prettier-ignore
    .action((options: DeployOptions) => deploy(io, options))
}

async function deploy(io: Io, options: DeployOptions): Promise<void> {
  const config = configOf(options)
  const { data, server, tokenFile, json } = options
  const report = reportOf(options)
  const dataDir = dataDirOf(data ?? config.store.path ?? undefined, io.env)
  const now = io.clock.now()
  // Checked here as well, so that a spooled report has the same faults as a posted one.
  const checked = readReport(report, config, now)
  const client = await findDaemon({ server, tokenFile, dataDir, env: io.env })
  if (client === null) {
    await appendToSpool(dataDir, checked)
    tell(io, checked, json, `kept in ${dataDir}/spool until a daemon starts`)
    return
  }
  // The time of the command counts, not that of the request's arrival.
  const taken = await client.post('/deploys', { ...report, start: report.start ?? checked.start })
  tell(io, taken as Deploy, json, `reported to ${client.origin}`)
}

/** The fields of a report among the options. */
function reportOf(options: DeployOptions): Partial<DeployOptions> {
  const names = ['sha', 'env', 'service', 'by', 'url', 'previous', 'start', 'end', 'kind', 'status'] as const // prettier-ignore
  return Object.fromEntries(
    names.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
  )
}

function tell(io: Io, deploy: Deploy, json: boolean | undefined, where: string): void {
  if (json === true) return printJson(io, deploy)
  const service = deploy.service ?? 'all services'
  print(io, `deploy ${shortSha(deploy.sha)} of ${service} (${deploy.env}), ${where}`)
}

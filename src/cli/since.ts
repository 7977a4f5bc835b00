/** `since`: what is new, worse, better and fixed since the last push (or another one). */
import { tokenFileOption } from './client.ts'
import { placeOf, type DaemonOptions } from './daemon-place.ts'
import { print, printJson, type AddCommand, type Io } from './io.ts'
import type { Config } from '../config.ts'
import { since } from '../daemon/since.ts'
import { formatDuration } from '../flow/time.ts'
import { shortSha, type Deploy } from '../model/deploy.ts'
import { visible } from '../model/escape.ts'
import type { Stretch, Verdict, VerdictClass, VerdictItem } from '../model/verdict.ts'
import type { PartitionState } from '../pipeline/partition.ts'
import { openStateReader } from '../store/sqlite.ts'

/** Items shown of each class; `--all` shows every one. */
const shownMax = 10

interface SinceOptions extends DaemonOptions {
  readonly service?: string
  readonly env?: string
  readonly json?: boolean
  readonly all?: boolean
}

export const addSince: AddCommand = (program, io) => {
  program
    .command('since')
    .summary('what changed since the last push: new, worse, better, fixed')
    .argument('[deploy]', 'id or SHA of a deploy; default the newest')
    .option('--service <name>', 'newest deploy of this service')
    .option('--env <name>', 'newest deploy of this environment')
    .option('-c, --config <file>', 'lastpush.yaml')
    .option('--data <dir>', 'data directory of the daemon')
    .option('--server <url>', 'address of the daemon')
    .option(...tokenFileOption)
    .option('--all', 'also what stayed the same')
    .option('--json', 'print the verdict as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  lastpush since\n  lastpush since 3b77d0c5ae --service web\n',
    )
    .action((deploy: string | undefined, options: SinceOptions) =>
      sinceCommand(io, deploy, options),
    )
}

async function sinceCommand(
  io: Io,
  deploy: string | undefined,
  options: SinceOptions,
): Promise<void> {
  const { config, dataDir, client } = await placeOf(io, options)
  const question = pickDefined({ deploy, service: options.service, env: options.env })
  const verdict =
    client === null
      ? await fromStore(config, dataDir, question, io.clock.now())
      : ((await client.get(`/since?${new URLSearchParams(question).toString()}`)) as Verdict)
  if (options.json === true) return printJson(io, verdict)
  if (verdict.deploy === null) print(io, noDeploy(options))
  else printVerdict(io, verdict, verdict.deploy, options.all === true)
}

async function fromStore(
  config: Config,
  dataDir: string,
  question: Readonly<Record<string, string>>,
  clockMs: number,
): Promise<Verdict> {
  const reader = await openStateReader(dataDir)
  try {
    const partitions = [...(await reader.records('partition')).values()] as PartitionState[]
    return await since(question, {
      reader,
      exposure: (service) => config.exposures.get(service ?? '') ?? 'seconds',
      // A store at rest knows nothing after its newest event.
      nowMs: Math.max(0, ...partitions.map(({ newest }) => (newest ?? -1) + 1)),
      clockMs,
      faults: new Map(),
    })
  } finally {
    await reader.close()
  }
}

function pickDefined(given: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

const titles: Readonly<Record<VerdictClass, string>> = {
  new: 'New',
  worse: 'Worse',
  fixed: 'Fixed',
  better: 'Better',
  undecided: 'Undecided',
  same: 'Same',
}

function noDeploy({ service, env }: SinceOptions): string {
  const scope = [
    ...(service === undefined ? [] : [`of service ${visible(service)}`]),
    ...(env === undefined ? [] : [`in environment ${visible(env)}`]),
  ]
  const known = ['No deploy', ...scope, 'is known.'].join(' ')
  return `${known} Report one: lastpush deploy --sha $(git rev-parse HEAD)`
}

function printVerdict(io: Io, verdict: Verdict, deploy: Deploy, all: boolean): void {
  const by = deploy.by === null ? '' : ` by ${visible(deploy.by)}`
  const service = deploy.service === null ? deploy.env : `${deploy.service} (${deploy.env})`
  print(io, `Since push ${shortSha(deploy.sha)} of ${visible(service)}${by}, ${deploy.start}: ${verdict.state}`) // prettier-ignore
  for (const name of Object.keys(titles) as VerdictClass[]) {
    if (name === 'same' && !all) continue
    const items = verdict.items.filter((item) => item.class === name)
    if (items.length === 0) continue
    print(io, `\n${titles[name]} (${items.length})`)
    for (const item of items.slice(0, all ? Infinity : shownMax)) printItem(io, item)
  }
  const same = verdict.items.filter((item) => item.class === 'same').length
  if (!all && same > 0) print(io, `\n${same} stayed the same (--all shows them)`)
}

function printItem(io: Io, item: VerdictItem): void {
  const name =
    item.kind === 'signature' ? (item.template ?? item.id) : `${item.kind} ${item.id}`.trim()
  const ratio = item.ratio === null ? '' : `, ${item.ratio.toFixed(2)}x`
  const reason = item.reason === null ? '' : ` (${item.reason})`
  print(io, `  ${visible(name)}${reason}`)
  print(io, `    ${rate(item.before)} before, ${rate(item.after)} after${ratio}`)
  if (item.sample !== null) print(io, `    ${visible(item.sample)}`)
}

function rate({ count, seconds }: Stretch): string {
  if (seconds === 0) return `${count} in no time`
  const perMinute = (count / seconds) * 60
  return `${count} in ${formatDuration(Math.round(seconds) * 1_000)} (${perMinute.toFixed(perMinute < 10 ? 2 : 0)}/min)`
}

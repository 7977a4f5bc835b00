/** `silence`: mutes the alerts that a query picks, lists who muted what, and ends a silence. Adding
 *  and ending need the daemon; listing reads its store when it is down. */
import { userInfo } from 'node:os'
import { LastpushError } from '../model/errors.ts'
import { visible } from '../model/escape.ts'
import { silenceState, type Silence } from '../model/silence.ts'
import type { SilenceRow, TakenSilence } from '../server/view.ts'
import { openStateReader } from '../store/sqlite.ts'
import { tokenFileOption, type Client } from './client.ts'
import { placeOf, type DaemonOptions } from './daemon-place.ts'
import { print, printJson, type AddCommand, type Io } from './io.ts'

interface Where extends DaemonOptions {
  readonly json?: boolean
}

interface AddOptions extends Where {
  readonly for?: string
  readonly from?: string
  readonly until?: string
  readonly comment: string
  readonly by?: string
}

interface ListOptions extends Where {
  readonly all?: boolean
}

export const addSilence: AddCommand = (program, io) => {
  const silence = program.command('silence').summary('mute alerts for a time')
  silence
    .command('add')
    .summary('mute the alerts that a query picks')
    .argument('<query>', "over labels and rule, such as 'service:web AND severity:page'")
    .option('--for <duration>', 'how long, such as 30m or 2h')
    .option('--until <time>', 'or when it ends, such as 2026-11-23T18:00:00Z')
    .option('--from <time>', 'when it begins; default now')
    .requiredOption('--comment <text>', 'why')
    .option('--by <name>', 'who asks for it; default the user of this machine')
    .option('-c, --config <file>', 'lastpush.yaml')
    .option('--data <dir>', 'data directory of the daemon')
    .option('--server <url>', 'address of the daemon')
    .option(...tokenFileOption)
    .option('--json', 'print the silence as JSON')
    .addHelpText(
      'after',
      "\nExample:\n  lastpush silence add 'service:web' --for 30m --comment 'moving the database'\n",
    )
    .action((query: string, options: AddOptions) => add(io, query, options))
  silence
    .command('list')
    .summary('silences that are active or will be')
    .option('--all', 'also those that ended in the last 30 days')
    .option('-c, --config <file>', 'lastpush.yaml')
    .option('--data <dir>', 'data directory of the daemon')
    .option('--server <url>', 'address of the daemon')
    .option(...tokenFileOption)
    .option('--json', 'print a JSON array')
    .action((options: ListOptions) => list(io, options))
  silence
    .command('end')
    .summary('end a silence now')
    .argument('<id>', 'as `silence list` shows it')
    .option('-c, --config <file>', 'lastpush.yaml')
    .option('--data <dir>', 'data directory of the daemon')
    .option('--server <url>', 'address of the daemon')
    .option(...tokenFileOption)
    .option('--json', 'print the silence as JSON')
    .action((id: string, options: Where) => end(io, id, options))
}

async function add(io: Io, query: string, options: AddOptions): Promise<void> {
  const report = {
    query,
    comment: options.comment,
    by: options.by ?? io.env['USER'] ?? userInfo().username,
    startsAt: options.from,
    endsAt: options.until,
    for: options.for,
  }
  const client = await daemonOf(io, options)
  const taken = (await client.post('/silences', report)) as TakenSilence
  if (options.json === true) return printJson(io, taken)
  print(io, `silence ${taken.id}: ${taken.startsAt} to ${taken.endsAt}`)
  print(io, `  ${reachOf(taken)}`)
}

/** A silence for what will break picks nothing yet, and one with a misspelt label never will: only
 *  the person who wrote it can tell which it is. */
function reachOf({ state, firing, picked }: TakenSilence): string {
  if (firing === 0) return 'no alert fires now'
  const verb = state === 'active' ? 'mutes' : 'picks'
  const alerts = firing === 1 ? '1 alert that fires now' : `${firing} alerts that fire now`
  return `${verb} ${picked} of ${alerts}`
}

async function end(io: Io, id: string, options: Where): Promise<void> {
  const client = await daemonOf(io, options)
  const ended = (await client.post(`/silences/${encodeURIComponent(id)}/end`, {})) as SilenceRow
  if (options.json === true) return printJson(io, ended)
  print(io, `silence ${ended.id} ended ${ended.endsAt}`)
}

async function list(io: Io, options: ListOptions): Promise<void> {
  const { dataDir, client } = await placeOf(io, options)
  const all =
    client === null
      ? await stored(dataDir, io.clock.now())
      : ((await client.get('/silences')) as readonly SilenceRow[])
  const shown = all.filter(({ state }) => options.all === true || state !== 'ended')
  if (options.json === true) return printJson(io, shown)
  if (shown.length === 0) print(io, 'no silences')
  for (const { id, state, query, startsAt, endsAt, by, comment } of shown) {
    print(io, `${id}  ${state}  ${startsAt} to ${endsAt}  by ${visible(by)}`)
    print(io, `    ${visible(query)}`)
    print(io, `    ${visible(comment)}`)
  }
}

async function stored(dataDir: string, nowMs: number): Promise<readonly SilenceRow[]> {
  const reader = await openStateReader(dataDir)
  try {
    const silences = [...(await reader.records('silence')).values()] as Silence[]
    return silences
      .map((silence) => ({ ...silence, state: silenceState(silence, nowMs) }))
      .sort((a, b) => (a.startsAt < b.startsAt ? 1 : -1))
  } finally {
    await reader.close()
  }
}

async function daemonOf(io: Io, options: Where): Promise<Client> {
  const { client, dataDir } = await placeOf(io, options)
  if (client !== null) return client
  const message = `no daemon runs on ${dataDir}: start it by "lastpush run", or name one by --server`
  throw new LastpushError('SERVER_UNREACHABLE', message)
}

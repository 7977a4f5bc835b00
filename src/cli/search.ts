/** `search`: the events that match a query, of the running daemon or of the store at rest. They are
 *  printed oldest first, as in a log, so that the newest stands next to the prompt. */
import { Option } from 'commander'
import { openConfiguredIndex } from '../daemon/event-index.ts'
import { search } from '../daemon/search.ts'
import { DeployTracker } from '../deploys/tracker.ts'
import { silentLog } from '../flow/log.ts'
import { Metrics } from '../flow/metrics.ts'
import { isoTime, parseDuration, parseIsoTime } from '../flow/time.ts'
import { shortSha } from '../model/deploy.ts'
import { LastpushError } from '../model/errors.ts'
import { visible } from '../model/escape.ts'
import { isTime } from '../query/tree.ts'
import { eventsQuestion, ParameterError } from '../server/parameters.ts'
import type { Events, EventsQuestion, FoundEvent } from '../server/view.ts'
import { openStateReader } from '../store/sqlite.ts'
import { tokenFileOption } from './client.ts'
import { placeOf, type DaemonOptions } from './daemon-place.ts'
import { print, printJson, type AddCommand, type Io } from './io.ts'

const limitUsual = '100'
/** Answers asked for until the limit is reached: a long search comes in several. */
const answersMax = 100

interface SearchOptions extends DaemonOptions {
  readonly since?: string
  readonly until?: string
  readonly deploy?: string
  readonly service?: string
  readonly env?: string
  readonly limit: string
  readonly json?: boolean
}

/** Parameters of `GET /api/v1/events`. */
type Parameters = Readonly<Record<string, string>>

/** Asks the daemon, or what it has left behind. */
interface Asked {
  ask(parameters: Parameters): Promise<Events>
  close(): Promise<void>
}

export const addSearch: AddCommand = (program, io) => {
  program
    .command('search')
    .summary('events that match a query')
    .argument('<query>', 'words, field:value and so on, as in rules; * for every event')
    .option('--since <time>', 'from a time, or a stretch such as 2h before now')
    .option('--until <time>', 'up to a time, or a stretch such as 10m before now')
    .option('--deploy <sha>', 'while this deploy (id or SHA) was in effect, where it was')
    .option('--service <name>', 'events of this service')
    .option('--env <name>', 'events of this environment')
    .addOption(new Option('--limit <number>', 'events at most, 1 to 1000').default(limitUsual))
    .option('-c, --config <file>', 'lastpush.yaml')
    .option('--data <dir>', 'data directory of the daemon')
    .option('--server <url>', 'address of the daemon')
    .option(...tokenFileOption)
    .option('--json', 'print one JSON object, newest event first')
    .addHelpText('after', examples)
    .action((query: string, options: SearchOptions) => searchCommand(io, query, options))
}

const examples = `
Examples:
  lastpush search 'status:500 AND path:/checkout*' --since 2h
  lastpush search '"out of memory"' --deploy 3b77d0c5ae
  lastpush search '*' --service web --limit 1000 --json
`

async function searchCommand(io: Io, q: string, options: SearchOptions): Promise<void> {
  const now = io.clock.now()
  const given = {
    q,
    from: timeOf(options.since, '--since', now),
    to: timeOf(options.until, '--until', now),
    deploy: options.deploy,
    service: options.service,
    env: options.env,
    limit: options.limit,
  }
  const parameters = Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
  const asked = await open(io, options)
  try {
    const found = await gather(asked, parameters)
    if (options.json === true) printJson(io, found)
    else printEvents(io, found)
  } finally {
    await asked.close()
  }
}

/** RFC 3339 for the API. */
function timeOf(text: string | undefined, option: string, nowMs: number): string | undefined {
  if (text === undefined) return undefined
  const ago = parseDuration(text)
  if (ago !== null) return isoTime(nowMs - ago)
  if (isTime(text)) return isoTime(parseIsoTime(text))
  const example = '2h or 2026-11-23T14:00:00Z'
  throw new LastpushError('USAGE', `${option} takes a time such as ${example}, not ${text}`)
}

async function open(io: Io, options: SearchOptions): Promise<Asked> {
  const { config, dataDir, client } = await placeOf(io, options)
  if (client !== null) {
    return {
      ask: async (parameters) =>
        (await client.get(`/events?${new URLSearchParams(parameters).toString()}`)) as Events,
      close: async () => {},
    }
  }
  const tracker = new DeployTracker()
  const reader = await openStateReader(dataDir)
  try {
    for (const deploy of await reader.deploys()) tracker.add(deploy)
  } finally {
    await reader.close()
  }
  const parts = { dataDir, clock: io.clock, log: silentLog, metrics: new Metrics(), readOnly: true }
  const index = await openConfiguredIndex(config, parts)
  return {
    ask: async (parameters) => search(questionOf(parameters), { index, tracker }),
    close: () => index.close(),
  }
}

/** Read as the daemon reads it, so that both refuse the same. */
function questionOf(parameters: Parameters): EventsQuestion {
  try {
    return eventsQuestion(parameters)
  } catch (error) {
    if (error instanceof ParameterError) throw new LastpushError('USAGE', error.message)
    throw error
  }
}

/** Goes on where an answer came before the limit was reached. */
async function gather(asked: Asked, parameters: Parameters): Promise<Events> {
  const limit = Number(parameters['limit'])
  let found = await asked.ask(parameters)
  for (let n = 1; n < answersMax && found.next !== null && found.events.length < limit; n += 1) {
    const left = String(limit - found.events.length)
    const more = await asked.ask({ ...parameters, limit: left, before: found.next })
    found = { ...more, events: [...found.events, ...more.events], total: found.total }
  }
  return found
}

function printEvents(io: Io, { events, total, next }: Events): void {
  for (const event of events.toReversed()) printEvent(io, event)
  const count = `${events.length} ${events.length === 1 ? 'event' : 'events'}`
  if (next === null) print(io, count)
  else print(io, `${count}${total === null ? '' : ` of ${total}`}; older ones match too (--limit, --until)`) // prettier-ignore
}

function printEvent(io: Io, event: FoundEvent): void {
  const facts = [event.service, event.level, event.sha === null ? null : shortSha(event.sha)]
  const told = facts.filter((fact) => fact !== null).map(visible)
  print(io, [event.time, ...told, visible(event.text)].join('  '))
  const lines = event.stack?.split('\n') ?? []
  for (const line of lines) print(io, `    ${visible(line)}`)
}

/** `status`: what the daemon reads, counts and watches; without a daemon, what its store holds. */
import { formatDuration } from '../flow/time.ts'
import { visible } from '../model/escape.ts'
import type { ReceiverStatus, Status } from '../server/view.ts'
import { tokenFileOption } from './client.ts'
import { print, printJson, type AddCommand, type Io } from './io.ts'
import { readingText } from './sources.ts'
import { askStatus, type StatusOptions } from './stored-status.ts'

export const addStatus: AddCommand = (program, io) => {
  program
    .command('status')
    .summary('what is read, counted and watched, and what is wrong')
    .option('-c, --config <file>', 'lastpush.yaml')
    .option('--data <dir>', 'data directory of the daemon')
    .option('--server <url>', 'address of the daemon')
    .option(...tokenFileOption)
    .option('--json', 'print one JSON object')
    .action(async (options: StatusOptions) => {
      const { status, where } = await askStatus(options, io)
      if (options.json === true) return printJson(io, status)
      printStatus(io, status, where)
    })
}

function printStatus(io: Io, status: Status, where: string): void {
  print(io, `lastpush ${status.version} (${where})`)
  print(io, `${status.alerts.firing} alerts firing, ${status.alerts.pending} pending; ${status.silences} silences active; ${status.deploys} deploys known`) // prettier-ignore
  for (const source of status.sources) {
    const lag = source.lagSeconds === null ? 'nothing yet' : `${formatDuration(source.lagSeconds * 1_000)} behind` // prettier-ignore
    print(io, `  ${visible(source.partition)}  ${source.parser ?? '?'}  ${source.lines} lines, ${source.unparsed} unparsed, ${source.late} late, ${lag}`) // prettier-ignore
    const { reading } = source
    if (reading !== null && reading.behindBytes !== 0) print(io, `    ${readingText(reading)}`)
    if (source.fault !== null) print(io, `    fault: ${visible(source.fault)}`)
    for (const { line, reason, column } of source.unparsedSamples) {
      print(io, `    unparsed: ${visible(reason)} (column ${column}): ${visible(line)}`)
    }
  }
  for (const { path, grewBytes } of status.unread) {
    print(
      io,
      `  not read: ${visible(path)} (${grewBytes === null ? 'was written to lately' : 'grows'}; add it to sources)`,
    )
  }
  print(io, `rules: ${status.rules.map(({ name }) => name).join(', ')}`)
  print(io, `store: ${visible(status.store.path)}, ${status.store.bytes} bytes, ${status.store.commits} commits, ${status.store.backlog} events to index`) // prettier-ignore
  for (const receiver of status.receivers) printReceiver(io, receiver)
  if (status.index.fault !== null) print(io, `event index (${status.index.kind}): fault: ${visible(status.index.fault)}`) // prettier-ignore
}

function printReceiver(io: Io, receiver: ReceiverStatus): void {
  const { name, kind, address, fault, waiting, waitingError, parked, parkedError } = receiver
  const where = kind === null ? 'no longer configured' : `${kind}: ${visible(address ?? '')}`
  print(io, `receiver ${visible(name)} (${where}): ${waiting} waiting, ${parked} parked`)
  if (fault !== null) print(io, `    fault: ${visible(fault)}`)
  if (waitingError !== null) print(io, `    waiting: ${visible(waitingError)}`)
  if (parkedError !== null) print(io, `    parked: ${visible(parkedError)}`)
}

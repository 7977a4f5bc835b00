/** `sources`: how far each file, topic partition or pipe is read, one a line. */
import { visible } from '../model/escape.ts'
import { formatDuration } from '../flow/time.ts'
import type { ReadingStatus, SourceStatus } from '../server/view.ts'
import { tokenFileOption } from './client.ts'
import { print, printJson, type AddCommand, type Io } from './io.ts'
import { askStatus, type StatusOptions } from './stored-status.ts'

export const addSources: AddCommand = (program, io) => {
  program
    .command('sources')
    .summary('how far each log is read, how fast, and what is wrong with it')
    .option('-c, --config <file>', 'lastpush.yaml')
    .option('--data <dir>', 'data directory of the daemon')
    .option('--server <url>', 'address of the daemon')
    .option(...tokenFileOption)
    .option('--json', 'print one JSON array')
    .action(async (options: StatusOptions) => {
      const { status, where } = await askStatus(options, io)
      if (options.json === true) return printJson(io, status.sources)
      print(io, `${status.sources.length} sources (${where})`)
      for (const source of status.sources) printSource(io, source)
    })
}

function printSource(io: Io, { name, partition, lines, reading, fault }: SourceStatus): void {
  const how = reading === null ? `not running, ${lines} lines so far` : readingText(reading)
  print(io, `  ${visible(name)}  ${visible(partition)}  ${how}`)
  if (fault !== null) print(io, `    fault: ${visible(fault)}`)
}

/** Such as `open at 8192, 4096 bytes (3s) behind, 120 lines/s`. */
export function readingText(reading: ReadingStatus): string {
  const { state, position, behindBytes, behindSeconds, linesPerSecond } = reading
  const at = position === null ? '' : ` at ${position}`
  const since = formatDuration(Math.round(behindSeconds ?? 0) * 1_000)
  const behind =
    behindBytes === null ? 'lag unknown' : behindBytes === 0 ? 'all read' : `${behindBytes} bytes (${since}) behind` // prettier-ignore
  return `${state}${at}, ${behind}, ${linesPerSecond} lines/s`
}

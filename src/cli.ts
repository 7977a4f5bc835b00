/** The table of commands, and how every one ends: what is printed for an error, and the status. */
import { Command, CommanderError } from 'commander'
import { addCheck, faultLines } from './cli/check.ts'
import { addDemo } from './cli/demo.ts'
import { addDeploy } from './cli/deploy.ts'
import type { AddCommand, Io } from './cli/io.ts'
import { addParse } from './cli/parse.ts'
import { addReceivers } from './cli/receivers.ts'
import { addReplay } from './cli/replay.ts'
import { addRun } from './cli/run.ts'
import { addSearch } from './cli/search.ts'
import { addSilence } from './cli/silence.ts'
import { addSince } from './cli/since.ts'
import { addStatus } from './cli/status.ts'
import { addTest } from './cli/test.ts'
import { systemClock } from './flow/time.ts'
import { errorCodes, LastpushError } from './model/errors.ts'
import { visible } from './model/escape.ts'
import { version } from './version.ts'

/** In the order of `--help`. */
const commands: readonly AddCommand[] = [
  addDemo,
  addRun,
  addSince,
  addSearch,
  addDeploy,
  addSilence,
  addStatus,
  addParse,
  addReplay,
  addTest,
  addCheck,
  addReceivers,
]

/** Exit statuses, for --help; errors carry theirs in model/errors.ts. */
const exitHelp = `
Exit status:
  0  done
  1  a test does not hold, a receiver did not take its page, or the demo's story failed
  2  the command line, the configuration, a rule, a query or a report has a fault
  3  a log file cannot be read
  4  the store is locked, newer, damaged or cannot be written
  5  the port is taken
  6  no daemon answers

Examples:
  lastpush demo                                    see the push that breaks the site, and its fix
  lastpush run /var/log/nginx/access.log           follow a log; the page is on 127.0.0.1:7077
  lastpush deploy --sha $(git rev-parse HEAD)      report a push
  lastpush since                                   what changed since it
  lastpush search 'status:500' --since 1h          events that match
`

/** Runs one command. @returns The exit status. */
export async function main(argv: readonly string[]): Promise<number> {
  const io: Io = {
    out: process.stdout,
    err: process.stderr,
    input: process.stdin,
    env: process.env,
    clock: systemClock,
    exitCode: 0,
  }
  // A reader that goes away (head, a closed terminal) must not end a daemon.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const program = new Command('lastpush')
    .description('What broke since the last push, and which push broke it.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(--help shows what is possible)')
    .addHelpText('after', exitHelp)
  for (const add of commands) add(program, io)
  for (const command of program.commands) command.exitOverride()
  try {
    await program.parseAsync([...argv])
    return io.exitCode
  } catch (error) {
    return told(io, error)
  }
}

function told(io: Io, error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : errorCodes.USAGE[0]
  if (error instanceof LastpushError) {
    io.err.write(`lastpush: ${visible(error.message)} [${error.code}]\n`)
    const faults = faultLines(error)
    if (faults !== '') io.err.write(`${faults}\n`)
    return error.exitCode
  }
  io.err.write(`lastpush: unexpected: ${error instanceof Error ? error.stack : String(error)}\n`)
  return 70
}

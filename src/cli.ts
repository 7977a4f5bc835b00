/** The table of commands, and how every one ends: what is printed for an error, and the status. */
import { Command, CommanderError } from 'commander'
import type { AddCommand, Io } from './cli/io.ts'
import { faultLines } from './cli/faults.ts'
import { systemClock } from './flow/time.ts'
import { errorCodes, LastpushError } from './model/errors.ts'
import { visible } from './model/escape.ts'
import { version } from './package.ts'

/** In the order of `--help`. Each brings what it needs when it is asked for: a pass over a log must not
 *  wait for the server of the daemon to be loaded. */
const commands: Readonly<Record<string, () => Promise<AddCommand>>> = {
  demo: async () => (await import('./cli/demo.ts')).addDemo,
  run: async () => (await import('./cli/run.ts')).addRun,
  since: async () => (await import('./cli/since.ts')).addSince,
  search: async () => (await import('./cli/search.ts')).addSearch,
  deploy: async () => (await import('./cli/deploy.ts')).addDeploy,
  silence: async () => (await import('./cli/silence.ts')).addSilence,
  status: async () => (await import('./cli/status.ts')).addStatus,
  sources: async () => (await import('./cli/sources.ts')).addSources,
  parse: async () => (await import('./cli/parse.ts')).addParse,
  replay: async () => (await import('./cli/replay.ts')).addReplay,
  test: async () => (await import('./cli/test.ts')).addTest,
  check: async () => (await import('./cli/check.ts')).addCheck,
  receivers: async () => (await import('./cli/receivers.ts')).addReceivers,
}

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

/**
 * The program with its commands; also read by docs/generate.ts.
 * @param named The one command that is wanted; any other word brings all, for help and for what is
 *   misspelt.
 */
export async function programOf(io: Io, named = ''): Promise<Command> {
  const program = new Command('lastpush')
    .description('What broke since the last push, and which push broke it.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(--help shows what is possible)')
    .addHelpText('after', exitHelp)
  const one = Object.hasOwn(commands, named) ? commands[named] : undefined
  for (const load of one === undefined ? Object.values(commands) : [one])
    (await load())(program, io)
  for (const command of program.commands) command.exitOverride()
  return program
}

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
  return runCommand(io, argv)
}

/** The same in a world of the caller's. */
export async function runCommand(io: Io, argv: readonly string[]): Promise<number> {
  const [, , named = ''] = argv
  const program = await programOf(io, named)
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
    // The message of a report tells its faults itself.
    const isTold = error.faults.every(({ message }) => error.message.includes(message))
    const faults = isTold ? '' : faultLines(error)
    if (faults !== '') io.err.write(`${faults}\n`)
    return error.exitCode
  }
  io.err.write(`lastpush: unexpected: ${error instanceof Error ? error.stack : String(error)}\n`)
  return 70
}

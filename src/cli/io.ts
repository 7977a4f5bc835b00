/** What every command is given of the outside world, and the pieces they share: where the data
 *  directory is, how times and rates read. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Command } from 'commander'
import type { Clock } from '../flow/time.ts'
import type { Screen } from '../receivers/receiver.ts'

export interface Io {
  readonly out: Screen
  readonly err: Screen
  readonly input: Readable
  readonly env: NodeJS.ProcessEnv
  readonly clock: Clock
  /** Exit status to end with; the last one set wins. */
  exitCode: number
}

/** Adds one command to the program. */
export type AddCommand = (program: Command, io: Io) => void

/** `--data`, else $STATE_DIRECTORY, else $XDG_STATE_HOME/lastpush, else ~/.local/state/lastpush. */
export function dataDirOf(given: string | undefined, env: NodeJS.ProcessEnv): string {
  if (given !== undefined) return given
  if (env['STATE_DIRECTORY']) return env['STATE_DIRECTORY'].split(':')[0] ?? ''
  const base = env['XDG_STATE_HOME'] || join(homedir(), '.local/state')
  return join(base, 'lastpush')
}

/** One JSON value as a line. */
export function printJson(io: Io, value: unknown): void {
  io.out.write(`${JSON.stringify(value)}\n`)
}

/** `1 alert`, `2 alerts`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

export function print(io: Io, text: string): void {
  io.out.write(`${text}\n`)
}

/** Repeatable option: gathers values. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}

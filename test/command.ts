/** Runs one command in this process, by the program's own table, with streams that are kept. */
import { Readable, Writable } from 'node:stream'
import { runCommand } from '../src/cli.ts'
import type { Io } from '../src/cli/io.ts'
import { systemClock } from '../src/flow/time.ts'

export interface RanHere {
  readonly out: string
  readonly err: string
  readonly status: number
}

class Kept extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

/** @param input Standard input; empty when absent. */
export async function command(
  args: readonly string[],
  { input = '', env = {} }: { readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<RanHere> {
  const [out, err] = [new Kept(), new Kept()]
  const io: Io = {
    out,
    err,
    input: Readable.from(input === '' ? [] : [input]),
    env: { HOME: '/nonexistent', XDG_STATE_HOME: '/nonexistent', ...env },
    clock: systemClock,
    exitCode: 0,
  }
  const status = await runCommand(io, ['node', 'lastpush', ...args])
  return { out: out.text, err: err.text, status }
}

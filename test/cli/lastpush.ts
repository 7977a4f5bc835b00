/** Runs the built program as a user would, with its own data directory and no terminal. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))
const program = join(root, 'dist/main.js')

export interface Ran {
  readonly out: string
  readonly err: string
  readonly status: number | null
}

/** @param input Standard input; empty when absent. */
export async function lastpush(
  args: readonly string[],
  options: { readonly input?: string | Buffer; readonly cwd?: string; readonly data?: string } = {},
): Promise<Ran> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: options.cwd ?? root,
    env: {
      PATH: process.env['PATH'],
      HOME: options.data ?? '/nonexistent',
      XDG_STATE_HOME: options.data ?? '/nonexistent',
    },
  })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  child.stdin.on('error', () => {})
  child.stdin.end(options.input ?? '')
  const [status] = (await once(child, 'close')) as [number | null]
  return { out, err, status }
}

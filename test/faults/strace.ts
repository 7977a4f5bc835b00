/** Faults at the border of the kernel, by strace: system calls of the daemon that fail, or in which
 *  it is killed. Each thread counts its calls for itself. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import { until } from './daemon.ts'

/** False where strace is missing or processes may not be traced. */
export const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0

export const traceReason = 'needs strace and the right to trace'

/**
 * Runs a command under strace from its first instruction; it keeps its process id.
 * @param expressions As after `-e`, such as `inject=fsync:signal=KILL:when=3`.
 */
export function traced(expressions: readonly string[]): string[] {
  const options = expressions.flatMap((expression) => ['-e', expression])
  return ['strace', '-D', '-f', '-qq', '--seccomp-bpf', '-o', '/dev/null', ...options]
}

/** Faults put upon a running process, until they are lifted. */
export interface Injection {
  lift(): Promise<void>
}

/**
 * Makes system calls of a running process fail.
 * @param path Only calls on this file.
 */
export async function inject(pid: number, expression: string, path?: string): Promise<Injection> {
  const only = path === undefined ? [] : ['-P', path]
  const options = ['-f', '-o', '/dev/null', ...only, '-e', expression, '-p', String(pid)]
  const tracer = spawn('strace', options, { stdio: ['ignore', 'ignore', 'pipe'] })
  let told = ''
  tracer.stderr.on('data', (bytes: Buffer) => (told += bytes.toString()))
  const ended = once(tracer, 'close')
  const lift = async (): Promise<void> => {
    // It detaches at SIGTERM; by SIGKILL it would leave the process stopped.
    if (tracer.exitCode === null && tracer.signalCode === null) tracer.kill('SIGTERM')
    await ended
  }
  onTestFinished(lift)
  await until(
    'strace to attach',
    () => told.includes('attached'),
    15_000,
    () => told,
  )
  return { lift }
}

/** A real child process that uses the built store, for tests in which a process dies. */
import { spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

export interface Child {
  readonly process: ChildProcessWithoutNullStreams
  /** Next line of its output; rejects when there is none any more. */
  line(): Promise<string>
  /** SIGKILL, and resolves when it is gone. */
  kill(): Promise<void>
}

/**
 * Runs an ES module given as text; `built('store/lock')` names a built file in it.
 * @param prefix Command and arguments that run node, such as prlimit.
 */
export function startChild(script: string, prefix: readonly string[] = []): Child {
  const [command, ...args] = [...prefix, process.execPath, '--input-type=module', '-e', script]
  const child = spawn(command ?? '', args)
  let errors = ''
  child.stderr.on('data', (bytes: Buffer) => (errors += bytes.toString()))
  const exited = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const kill = async () => {
    child.kill('SIGKILL')
    await exited
  }
  onTestFinished(kill)
  return {
    process: child,
    line: async () => {
      const next = await lines.next()
      if (next.done !== true) return next.value
      throw new Error(`the child ended: ${errors}`)
    },
    kill,
  }
}

/** URL of a built file as a string literal for a script. */
export function built(name: string): string {
  return JSON.stringify(new URL(`../../dist/modules/${name}.js`, import.meta.url).href)
}

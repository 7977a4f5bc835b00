/** A real daemon in a process of its own: the built program with a data directory and a free
 *  port. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Status } from '../src/server/view.ts'
import { lastpush } from './lastpush.ts'
import { cpuSeconds, residentMemory } from './proc.ts'
import { until } from './until.ts'

const alive = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

/** A folder for one run of a benchmark, removed behind it. */
export async function inFolder<T>(use: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), 'lastpush-bench-'))
  try {
    return await use(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Lines of lastpush.yaml: read files, a path or a glob, from their beginning. */
export function followed(path: string): readonly string[] {
  return [
    'sources:',
    `  - { name: web, service: web, file: { paths: ${JSON.stringify(path)}, from: beginning } }`,
  ]
}

export class Daemon {
  readonly #child: ChildProcess
  readonly #origin: string
  readonly #ended: Promise<unknown>

  private constructor(child: ChildProcess, origin: string, ended: Promise<unknown>) {
    this.#child = child
    this.#origin = origin
    this.#ended = ended
  }

  /**
   * Starts one, waits until it is ready, and ends it when it was used.
   * @param dir Its files go below it.
   * @param config Lines of lastpush.yaml, which also say what it reads; store and port are added.
   * @throws Error when it ends in any other way than well, and whatever `use` throws.
   */
  static async during<T>(
    dir: string,
    config: readonly string[],
    use: (daemon: Daemon) => Promise<T>,
  ): Promise<T> {
    const daemon = await Daemon.#start(dir, config)
    try {
      const result = await use(daemon)
      await daemon.#stop()
      return result
    } finally {
      daemon.#child.kill('SIGKILL')
    }
  }

  static async #start(dir: string, config: readonly string[]): Promise<Daemon> {
    const data = join(dir, 'data')
    mkdirSync(data, { mode: 0o700 })
    const path = join(dir, 'lastpush.yaml')
    const own = ['http: { port: 0 }', `store: { path: ${JSON.stringify(data)} }`]
    writeFileSync(path, [...config, ...own, ''].join('\n'))
    const line = [...lastpush.slice(1), 'run', '-c', path]
    const child = spawn(lastpush[0], line, { stdio: ['ignore', 'ignore', 'pipe'] })
    let told = ''
    child.stderr.on('data', (bytes: Buffer) => (told = (told + bytes.toString()).slice(-4_096)))
    alive.add(child)
    const ended = once(child, 'close').then(() => alive.delete(child))
    try {
      const origin = await until('the daemon to listen', () => {
        if (child.exitCode !== null) throw new Error(`the daemon ended:\n${told}`)
        return announced(data)
      })
      await until('the daemon to be ready', async () => {
        const { ok } = await fetch(`${origin}/-/ready`)
        return ok ? true : null
      })
      return new Daemon(child, origin, ended)
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    }
  }

  /** User and system time of all its threads so far, s. */
  get cpu(): number {
    return cpuSeconds(this.#pid)
  }

  /** Resident memory, MiB. */
  get memory(): { readonly now: number; readonly peak: number } {
    return residentMemory(this.#pid)
  }

  async status(): Promise<Status> {
    const answer = await fetch(`${this.#origin}/api/v1/status`)
    return (await answer.json()) as Status
  }

  /** Lines of all sources so far. */
  async lines(): Promise<number> {
    const { sources } = await this.status()
    return sources.reduce((sum, { lines }) => sum + lines, 0)
  }

  /** How many alerts it knows, also those that are over. */
  async alerts(): Promise<number> {
    const answer = await fetch(`${this.#origin}/api/v1/alerts`)
    return ((await answer.json()) as unknown[]).length
  }

  /** Resolves when all these lines are counted. @throws Error when there are more of them. */
  async counted(lines: number, { everyMs = 100, limitMs = 600_000 } = {}): Promise<void> {
    const enough = async () => {
      const now = await this.lines()
      if (now > lines) throw new Error(`${now} lines were counted of ${lines} that were written`)
      return now === lines ? true : null
    }
    await until(`${lines} lines to be counted`, enough, { everyMs, limitMs })
  }

  /** Ends it as an operator would. */
  async #stop(): Promise<void> {
    this.#child.kill('SIGTERM')
    await this.#ended
    const { exitCode, signalCode } = this.#child
    if (exitCode !== 0) throw new Error(`the daemon ended by ${exitCode ?? signalCode}`)
  }

  get #pid(): number {
    if (this.#child.pid === undefined) throw new Error('the daemon could not be started')
    return this.#child.pid
  }
}

/** The address that it wrote down, or null before. */
function announced(data: string): string | null {
  try {
    return (JSON.parse(readFileSync(join(data, 'daemon.json'), 'utf8')) as { origin: string })
      .origin
  } catch {
    return null
  }
}

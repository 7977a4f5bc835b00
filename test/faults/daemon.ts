/** Drives the built daemon as a real child process: starts it, waits for what can be seen from
 *  outside, sends signals by process id, and leaves neither processes nor folders behind. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { SourceStatus, Status } from '../../src/server/view.ts'

/** The built program; `npm run build` makes it. */
export const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

/** True when faults are tried as often as the table says, not only as often as a quick run allows. */
export const full = process.env['LASTPUSH_FAULTS'] === 'full'

const pollMs = 20
const readyLimitMs = 60_000
/** A daemon whose event loop stands still accepts connections and answers none. */
const answerLimitMs = 15_000
const alive = new Set<ChildProcess>()

// A test that is cut off runs no hooks, but the process that held it still ends.
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})

/** How a process ended. */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface RunOptions {
  readonly dataDir: string
  /** After `run --data DIR`; files, or `-c` and a configuration. */
  readonly args: readonly string[]
  /** Command and arguments that run node, such as prlimit. */
  readonly prefix?: readonly string[]
  /** Variables beside those of this environment. */
  readonly env?: NodeJS.ProcessEnv
  /** Where what ends the process is left; tests that run side by side give their own. */
  readonly cleanUp?: (end: () => Promise<void>) => void
  /** The built program when it is another than this one. */
  readonly program?: string
  /** Descriptors for standard output and error; pipes that the test reads when absent. */
  readonly output?: readonly [number, number]
}

/** What a running daemon writes down for commands. */
interface Facts {
  readonly origin: string
  readonly pid: number
}

/** `lastpush run` in a process of its own. */
export class Daemon {
  readonly child: ChildProcess
  readonly dataDir: string
  readonly ended: Promise<Ending>
  readonly #isTraced: boolean
  #origin: string | null = null
  #out = ''
  #err = ''

  constructor(options: RunOptions) {
    const { dataDir, args, prefix = [], output, env = {}, cleanUp = onTestFinished } = options
    const { program: file = program } = options
    const line = [...prefix, process.execPath, file, 'run', '--data', dataDir, ...args]
    const stdio = output === undefined ? 'pipe' : (['ignore', ...output] as const)
    this.dataDir = dataDir
    this.#isTraced = prefix[0] === 'strace'
    // A tracer's process id is not the daemon's, so that only a file that was not there tells of it.
    if (this.#isTraced) rmSync(join(dataDir, 'daemon.json'), { force: true })
    this.child = spawn(line[0] ?? '', line.slice(1), {
      stdio: stdio as 'pipe',
      env: { ...plainEnv(), ...env },
    })
    this.child.stdout?.on('data', (bytes: Buffer) => (this.#out += bytes.toString()))
    this.child.stderr?.on('data', (bytes: Buffer) => (this.#err += bytes.toString()))
    alive.add(this.child)
    // `close`, not `exit`: by then everything that it has printed is here.
    this.ended = once(this.child, 'close').then(([code, signal]) => {
      alive.delete(this.child)
      return { code: code as number | null, signal: signal as NodeJS.Signals | null }
    })
    cleanUp(async () => {
      await this.kill()
    })
  }

  get stdout(): string {
    return this.#out
  }

  get stderr(): string {
    return this.#err
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the daemon could not be started')
    return this.child.pid
  }

  /** Process id of the daemon itself where another program runs it, once it is up. */
  get daemonPid(): number {
    return (JSON.parse(readFileSync(join(this.dataDir, 'daemon.json'), 'utf8')) as Facts).pid
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** Address of the API, once this very process has written it down. */
  async up(): Promise<string> {
    this.#origin ??= await until('the daemon to listen', () => this.#announced(), readyLimitMs)
    return this.#origin
  }

  /** Resolves when `/-/ready` says so. */
  async ready(): Promise<this> {
    const origin = await this.up()
    const isReady = () => get(`${origin}/-/ready`).then(({ ok }) => ok)
    await until('the daemon to be ready', isReady, readyLimitMs)
    return this
  }

  async status(): Promise<Status> {
    const response = await get(`${await this.up()}/api/v1/status`)
    return (await response.json()) as Status
  }

  /** The sources, once they fulfil a condition. */
  async sources(
    what: string,
    holds: (sources: readonly SourceStatus[]) => boolean,
    limitMs = 60_000,
  ): Promise<readonly SourceStatus[]> {
    let last: readonly SourceStatus[] = []
    const look = async () => {
      last = (await this.status()).sources
      return holds(last) && last
    }
    return until(what, look, limitMs, () => JSON.stringify(last))
  }

  /** Lines read of a path, once there are at least so many. */
  async lines(path: string, least: number): Promise<SourceStatus> {
    const of = (all: readonly SourceStatus[]) => all.find(({ partition }) => partition === path)
    const enough = (all: readonly SourceStatus[]) => (of(all)?.lines ?? 0) >= least
    return of(await this.sources(`${least} lines of ${path}`, enough)) as SourceStatus
  }

  /** Value of a metric over all label sets that contain `labels`; 0 when there is none. */
  async metric(name: string, labels = ''): Promise<number> {
    const text = await (await get(`${await this.up()}/metrics`)).text()
    const samples = [...text.matchAll(/^(\w+)(\{.*\})? (\S+)$/gm)]
    return samples
      .filter(([, found, set = '']) => found === name && set.includes(labels))
      .reduce((sum, [, , , value]) => sum + Number(value), 0)
  }

  async health(): Promise<{ status: number; reasons: readonly string[] }> {
    const response = await get(`${await this.up()}/-/healthy`)
    const { reasons } = (await response.json()) as { reasons: readonly string[] }
    return { status: response.status, reasons }
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** SIGTERM, and how it ended. */
  stop(): Promise<Ending> {
    this.signal('SIGTERM')
    return this.ended
  }

  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<Ending> {
    this.signal('SIGKILL')
    return this.ended
  }

  #announced(): string | null {
    if (!this.running) throw new Error(`the daemon ended: ${this.#err}`)
    try {
      const facts = JSON.parse(readFileSync(join(this.dataDir, 'daemon.json'), 'utf8')) as Facts
      // After a kill the file of the process before still lies there.
      return facts.pid === this.pid || this.#isTraced ? facts.origin : null
    } catch {
      return null
    }
  }
}

/** What a command printed, and its exit status. */
export interface Told {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command of lastpush to its end. */
export function command(
  args: readonly string[],
  prefix: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Told {
  const line = [...prefix, process.execPath, program, ...args]
  const options = { encoding: 'utf8', timeout: 60_000, env: { ...plainEnv(), ...env } } as const
  const { status, stdout, stderr } = spawnSync(line[0] ?? '', line.slice(1), options)
  return { code: status, stdout, stderr }
}

/** An empty folder of mode 0700 that goes with the test. */
export function folder(cleanUp: (end: () => void) => void = onTestFinished): string {
  const dir = mkdtempSync(join(tmpdir(), 'lastpush-faults-'))
  cleanUp(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/**
 * Looks again and again until there is an answer that is neither null nor false.
 * @param told What was seen last, for the message.
 * @throws Error after `limitMs`, and whatever the look throws.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | false> | T | null | false,
  limitMs = 60_000,
  told: () => string = () => '',
): Promise<T> {
  const end = performance.now() + limitMs
  for (;;) {
    const found = await look()
    if (found !== null && found !== false) return found
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms for ${what}: ${told()}`)
    await delay(pollMs)
  }
}

function get(url: string): Promise<Response> {
  return fetch(url, { signal: AbortSignal.timeout(answerLimitMs) })
}

/** This environment without what would lead a command to another daemon or data directory. */
function plainEnv(): NodeJS.ProcessEnv {
  const leading = new Set([
    'LASTPUSH_SERVER',
    'LASTPUSH_TOKEN',
    'LASTPUSH_TOKEN_FILE',
    'STATE_DIRECTORY',
  ])
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !leading.has(name)))
}

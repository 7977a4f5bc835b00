/** The built daemon as a child process over a configuration, for tests that kill it. */
import Database from 'better-sqlite3'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { PartitionState } from '../../src/pipeline/partition.ts'
import type { Status } from '../../src/server/view.ts'
import { openStateReader } from '../../src/store/sqlite.ts'

/** The built program; `npm run build` makes it. */
const program = fileURLToPath(new URL('../../dist/main.js', import.meta.url))

/** What the committed store says after the daemon is gone. */
export interface Counted {
  readonly partitions: readonly PartitionState[]
  /** Events in all panes, in time and late, by kind and id: `level error`. */
  readonly panes: Readonly<Record<string, number>>
  /** Events in the index. */
  readonly indexed: number
}

/** One data directory and the daemons that run on it, one after the other. */
export class Daemons {
  readonly dir = mkdtempSync(join(tmpdir(), 'lastpush-daemon-'))
  readonly #config = join(this.dir, 'lastpush.yaml')
  #child: ChildProcess | null = null
  #err = ''

  constructor(config: string) {
    writeFileSync(this.#config, config)
    onTestFinished(async () => {
      await this.end('SIGKILL')
      rmSync(this.dir, { recursive: true, force: true })
    })
  }

  /** What the daemons have written to their logs. */
  get log(): string {
    return this.#err
  }

  start(): void {
    const args = [program, 'run', '-c', this.#config, '--data', join(this.dir, 'data')]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    child.stderr.on('data', (bytes: Buffer) => (this.#err += bytes.toString()))
    this.#child = child
  }

  /** Sends a signal; resolves with the exit status when the process is gone. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child
    this.#child = null
    if (child === null) return null
    if (child.exitCode !== null) throw new Error(`the daemon has ended by itself: ${this.#err}`)
    child.kill(signal)
    const [status] = (await once(child, 'close')) as [number | null]
    return status
  }

  /** Lines counted so far over all partitions; 0 while it does not answer. */
  async lines(): Promise<number> {
    const status = await this.status()
    return (status?.sources ?? []).reduce((sum, { lines }) => sum + lines, 0)
  }

  async status(): Promise<Status | null> {
    try {
      const text = readFileSync(join(this.dir, 'data/daemon.json'), 'utf8')
      const { origin, pid } = JSON.parse(text) as { origin: string; pid: number }
      // After a kill the file of the process before still lies there.
      if (pid !== this.#child?.pid) return null
      return (await (await fetch(`${origin}/api/v1/status`)).json()) as Status
    } catch {
      return null
    }
  }

  /** Reads the store while no daemon holds it. */
  async counted(): Promise<Counted> {
    const reader = await openStateReader(join(this.dir, 'data'))
    const panes: Record<string, number> = {}
    for (const { kind, id, count, late } of await reader.panes({ from: 0, to: 2 ** 40 })) {
      const key = `${kind} ${id}`
      panes[key] = (panes[key] ?? 0) + count + late
    }
    const partitions = [...(await reader.records('partition')).values()] as PartitionState[]
    await reader.close()
    const events = new Database(join(this.dir, 'data/events.db'), { readonly: true })
    const indexed = events.prepare<[], number>('SELECT count(*) FROM event').pluck().get() ?? 0
    events.close()
    return { partitions, panes, indexed }
  }
}

/** Starts the real servers of the recipes and ends them by their process id. The state of a run lies
 *  in a temporary folder that goes with it. Which tests need what is tests.ts. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, closeSync, readFileSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fetchJars, recipes } from './jars.ts'
import { freePort } from './ports.ts'
import type { Place, Recipe, ServerKind } from './recipe.ts'

const startLimitMs = 90_000
const pollMs = 50

const states = new Set<string>()
const alive = new Set<ChildProcess>()

// A process that is cut off runs no other clean-up. What dies without any closes the standard input
// of its servers, upon which they end as well.
process.on('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
  for (const state of states) rmSync(state, { recursive: true, force: true })
})

/** One real server: its port and data stay the same when it is killed and started again. */
export class Server {
  readonly address: string
  readonly #recipe: Recipe
  readonly #place: Place
  #child: ChildProcess | null = null

  constructor(recipe: Recipe, place: Place) {
    this.#recipe = recipe
    this.#place = place
    this.address = recipe.address(place.port)
  }

  /** Resolves when it is up. @throws Error with the end of its log when it does not come up. */
  async start(): Promise<this> {
    const log = openSync(this.#log, 'w')
    const args = [...this.#recipe.command(this.#place)]
    // Detached: an interrupt from the keyboard is for us, who then end it in order.
    const child = spawn('java', args, { stdio: ['pipe', log, log], detached: true })
    closeSync(log)
    alive.add(child)
    this.#child = child
    child.once('close', () => alive.delete(child))
    const end = performance.now() + startLimitMs
    while (!this.#output().includes(this.#recipe.up)) {
      if (child.exitCode !== null || performance.now() > end) {
        await this.kill()
        throw new Error(`${this.#recipe.kind} did not start:\n${this.#output().slice(-2_000)}`)
      }
      await delay(pollMs)
    }
    return this
  }

  /** SIGKILL; resolves when the process is gone. Its data stays. */
  async kill(): Promise<void> {
    await this.signal('SIGKILL')
    const child = this.#child
    if (child !== null && alive.has(child)) await once(child, 'close')
  }

  async signal(signal: NodeJS.Signals): Promise<void> {
    this.#child?.kill(signal)
  }

  /** Ends it and removes its data. */
  async stop(): Promise<void> {
    await this.kill()
    await rm(this.#place.state, { recursive: true, force: true })
    states.delete(this.#place.state)
  }

  /** Folder of its data and of what its recipe has made. */
  get state(): string {
    return this.#place.state
  }

  get #log(): string {
    return join(this.#place.state, 'server.log')
  }

  #output(): string {
    return readFileSync(this.#log, 'utf8')
  }
}

/** Starts a new, empty server. @param port A free one when absent. */
export async function startServer(kind: ServerKind, port?: number): Promise<Server> {
  const recipe = recipes[kind]
  const lib = await fetchJars(kind)
  const state = mkdtempSync(join(tmpdir(), `lastpush-${kind}-`))
  states.add(state)
  const place = { lib, state, port: port ?? (await freePort()) }
  await recipe.prepare(place)
  return new Server(recipe, place).start()
}

/** One run: a writer, a daemon of one process after another, and beside them the model, which is nothing
 *  but the list of lines that were written. In the end the store must hold each of them once, the
 *  alerts that a replay of that list finds, and for each of their transitions a notification. */
import { DeployTracker } from '../../src/deploys/tracker.ts'
import { parseQuery } from '../../src/query/query.ts'
import { randomOf, type Random } from '../faults/random.ts'
import { batchOf, line, optionsOf, replayed, t0, type WorldSpec } from '../pipeline/world.ts'
import { ruleOf } from '../rules/rule-of.ts'
import { CrashingState, StoreFiles } from './crashing-state.ts'
import type { Death, History, Step } from './history.ts'
import { MemoryDisk, simRoot } from './memory-disk.ts'
import { SimulatedProcess } from './simulated-process.ts'
import { ReceiverBooks, simulatedReceiver } from './simulated-receiver.ts'
import { VirtualTime } from './virtual-time.ts'

const log = `${simRoot}/app.log`
const latenessMs = 10_000
/** The clock of the writer runs ahead by up to this much, so that decisions fall due while it writes. */
const aheadMs = 60_000
/** A line is finished within this time: one that is late is no part of decisions. */
const partMs = 5_000
/** Until everything that was written is read, whatever happens. */
const settleMs = 6_000
/** A page that was refused is tried again after some seconds. */
const toldMs = 20_000

const world: WorldSpec = {
  rules: [
    ruleOf(
      'name: burst\ntype: frequency\nquery: level:error\nnum_events: 3\ntimeframe: 4s\n' +
        'by: [service]\nkeep_firing_for: 2s',
    ),
  ],
  sources: [{ name: 'json', latenessMs }],
  storeQuery: parseQuery('*'),
}

/** Folder and file that the stores of all runs are made of. */
export interface StoreTemplate {
  readonly folder: string
  readonly file: string
}

export class Simulation {
  readonly #history: History
  readonly #random: Random
  readonly #time = new VirtualTime(t0)
  readonly #files: StoreFiles
  readonly #books = new ReceiverBooks()
  readonly #disk: MemoryDisk
  readonly #written: string[] = []
  /** What could be seen from outside, with its time. */
  readonly happened: string[] = []
  #process: { readonly running: SimulatedProcess; readonly state: CrashingState } | null = null
  #trap: Death | null = null
  #downMs = 0
  /** A line of which only the beginning is written. */
  #unfinished: { readonly begun: string; readonly rest: string; readonly atMs: number } | null =
    null
  #rotations = 0
  #writerMs = t0
  #fullUntil = 0
  #slowUntil = 0

  constructor(history: History, template: StoreTemplate) {
    this.#history = history
    this.#random = randomOf(history.seed + 1)
    this.#files = new StoreFiles(template.folder, template.file)
    this.#disk = new MemoryDisk(this.#time, () => this.#delayMs(3))
  }

  /** The disk that the file source of this run sees. */
  get disk(): MemoryDisk {
    return this.#disk
  }

  /** @returns What does not hold; null when all does. */
  async run(): Promise<string | null> {
    this.#disk.append(log, '')
    this.#start()
    // Nobody can find what was renamed before the first look, which commits the place.
    await this.#time.pass(settleMs)
    for (const step of this.#history.steps) {
      await this.#take(step)
      await this.#revive()
      if (this.#unfinished !== null && this.#time.now > this.#unfinished.atMs + partMs)
        this.#append(1)
    }
    return this.#end()
  }

  async close(): Promise<void> {
    await this.#process?.state.close()
    this.#process = null
    this.#files.remove()
  }

  async #take(step: Step): Promise<void> {
    switch (step.do) {
      case 'append':
        return this.#append(step.count)
      case 'part':
        return this.#part()
      case 'rotate':
        return this.#rotate()
      case 'create':
        if (!this.#disk.exists(log)) this.#disk.append(log, '')
        return
      case 'copytruncate':
      case 'delete':
        return this.#replace(step.do)
      case 'settle':
        return this.#settle()
      case 'stop':
        return this.#stop()
      case 'crash':
        this.#downMs = step.downMs
        if (step.at === 'now') this.#die()
        else this.#trap = step.at
        return
      case 'tick':
        return this.#time.pass(step.ms)
      case 'fullDisk':
        this.#fullUntil = this.#time.now + step.ms
        return
      case 'slowDisk':
        this.#slowUntil = this.#time.now + step.ms
        return
      case 'reply':
        this.#books.reply = step.how
    }
  }

  #append(count: number): void {
    for (let n = 0; n < count; n++) {
      const { begun, rest } = this.#unfinished ?? { begun: '', rest: this.#line() }
      this.#disk.append(log, `${rest}\n`)
      this.#written.push(begun + rest)
      this.#unfinished = null
    }
  }

  /** The beginning of a line; its rest comes with the next one that is appended. */
  #part(): void {
    if (this.#unfinished !== null) return
    const whole = this.#line()
    const cut = 1 + this.#random.below(whole.length - 1)
    this.#unfinished = { begun: whole.slice(0, cut), rest: whole.slice(cut), atMs: this.#time.now }
    this.#disk.append(log, this.#unfinished.begun)
  }

  #line(): string {
    const service = this.#random.pick(['web', 'shop'])
    const level = this.#random.pick(['error', 'error', 'info'])
    const ahead = Math.max(this.#writerMs, this.#time.now) + this.#random.below(1_500)
    this.#writerMs = Math.min(ahead, Math.max(this.#writerMs, this.#time.now + aheadMs))
    return line((this.#writerMs - t0) / 1_000, {
      service,
      level,
      message: `line ${this.#written.length}`,
    })
  }

  #rotate(): void {
    // A part of a line that is no JSON counts as a line all the same; the model leaves that out.
    if (!this.#disk.exists(log) || this.#unfinished !== null) return
    const last = this.#rotations++
    if (this.#history.names === 'dates') {
      this.#disk.rename(log, `${log}-${20_261_100 + last}`)
      return
    }
    for (let n = last; n > 0; n--) {
      if (this.#disk.exists(`${log}.${n}`)) this.#disk.rename(`${log}.${n}`, `${log}.${n + 1}`)
    }
    this.#disk.rename(log, `${log}.1`)
  }

  /** Content that was read and committed is removed: of any other something would be lost. */
  async #replace(how: 'copytruncate' | 'delete'): Promise<void> {
    if (!this.#disk.exists(log) || this.#unfinished !== null) return
    await this.#settle()
    if (how === 'delete') this.#disk.remove(log)
    else this.#disk.truncate(log)
  }

  /** Waits until everything is read, by a process that lives long enough. */
  async #settle(ms = settleMs): Promise<void> {
    if (this.#unfinished !== null) this.#append(1)
    this.#fullUntil = 0
    this.#slowUntil = 0
    for (let living = null; living !== this.#process || living === null;) {
      await this.#revive()
      living = this.#process
      await this.#time.pass(ms)
    }
  }

  async #stop(): Promise<void> {
    const living = this.#process
    if (living === null) return
    let isOver = false
    const stopped = living.running.stop().then(
      () => (isOver = true),
      () => (isOver = true),
    )
    while (!isOver && this.#process !== null) await this.#time.pass(100)
    if (this.#process === null) return
    await stopped
    this.#books.ended()
    this.#process = null
    await living.state.close().catch(() => {})
    this.#start()
  }

  #start(): void {
    const isDead = (): boolean => this.#process?.state !== state
    const state: CrashingState = new CrashingState({
      time: this.#time,
      files: this.#files,
      writeMs: () => this.#delayMs(4),
      isFull: () => this.#time.now < this.#fullUntil,
      trapped: (trap) => this.#trap === trap,
      isDead,
      die: (walBytes) => this.#die(walBytes),
      below: (limit) => this.#random.below(limit),
      onDispatched: (dispatch) => {
        this.#note(`dispatch of ${dispatch.notifications.map(({ key }) => key).join(' ')}`)
        this.#books.noted(dispatch)
      },
    })
    const receiver = simulatedReceiver({
      time: this.#time,
      books: this.#books,
      isDead,
      trapped: (trap) => this.#trap === trap,
      die: () => this.#die(),
    })
    const parts = { time: this.#time, state, receiver, glob: this.#history.glob, isDead }
    const pipeline = optionsOf({ ...world, live: true, tracker: new DeployTracker() })
    const random = () => this.#random.next()
    const running = new SimulatedProcess({ ...parts, pipeline, random })
    this.#process = { running, state }
    this.#note('start')
  }

  #die(walBytes?: number): void {
    const dead = this.#process
    if (dead === null) return
    this.#note(`death ${this.#trap ?? 'now'} ${walBytes ?? ''}`)
    this.#trap = null
    this.#process = null
    this.#books.ended()
    this.#files.crash(walBytes)
    // Its connections are to the files of before, which nobody reads any more.
    void dead.state.close()
  }

  #note(what: string): void {
    this.happened.push(`${this.#time.now - t0} ms: ${what}`)
  }

  async #revive(): Promise<void> {
    await this.#time.settle()
    if (this.#process !== null) return
    await this.#time.pass(this.#downMs)
    this.#start()
  }

  /** Mostly at once, more while the disk is slow. */
  #delayMs(limit: number): number {
    return this.#time.now < this.#slowUntil
      ? 50 + this.#random.below(300)
      : this.#random.below(limit)
  }

  async #end(): Promise<string | null> {
    await this.#settle()
    this.#books.reply = 'ok'
    // Lines long after the others, so that a replay sees every alert end.
    this.#writerMs += 15_000
    this.#append(1)
    await this.#settle(aheadMs + 15_000 + latenessMs + toldMs)
    await this.#stop()
    await this.#settle()
    return this.#verdict()
  }

  async #verdict(): Promise<string | null> {
    const state = this.#process?.state
    if (state === undefined) return 'no process lives in the end'
    const counted = (await state.backlog(1_000_000)).map(({ text }) => text)
    const [missing, surplus] = [without(this.#written, counted), without(counted, this.#written)]
    if (missing.length > 0) return `not counted: ${missing.join(' ')}`
    if (surplus.length > 0) return `counted beyond what was written: ${surplus.join(' ')}`
    const panes = await state.panes({ from: 0, to: 2 ** 40, kinds: ['level'] })
    const sum = panes.reduce((total, { count, late }) => total + count + late, 0)
    if (sum !== this.#written.length) return `panes hold ${sum} of ${this.#written.length} events`
    return (await this.#alertFault(state)) ?? this.#pageFault(state)
  }

  /** The alerts are those of a replay. */
  async #alertFault(state: CrashingState): Promise<string | null> {
    const brief = (alerts: readonly { fingerprint: string; startsAt: string; endsAt: string | null; state: string }[]) =>
      alerts.map((alert) => [alert.startsAt, alert.fingerprint, alert.state, alert.endsAt].join(' ')).sort() // prettier-ignore
    const inOne = new Map([['json', [batchOf('json', this.#written)]]])
    const wanted = brief((await replayed(world, inOne)).alerts)
    const found = brief(await state.alerts({ limit: 1_000 }))
    if (found.join() === wanted.join()) return null
    return `alerts: ${found.join(', ')}; a replay has: ${wanted.join(', ')}`
  }

  /** Every transition is told once, and repeats are lawful. */
  async #pageFault(state: CrashingState): Promise<string | null> {
    const rest = (await state.undispatched()).length
    if (rest > 0) return `${rest} transitions are not dispatched`
    const pages = await state.notifications(1_000)
    const unsent = pages.filter((page) => page.state !== 'delivered')
    if (unsent.length > 0) return `not delivered: ${JSON.stringify(unsent)}`
    const told = pages.flatMap(({ transitions }) => transitions)
    if (new Set(told).size !== told.length) return `told in two pages: ${told.join(' ')}`
    const alerts = await state.alerts({ limit: 1_000 })
    const ends = alerts.filter((alert) => alert.state === 'resolved').length
    if (told.length !== alerts.length + ends) return `${told.length} transitions told of ${alerts.length + ends}` // prettier-ignore
    const { taken, lawful, bodies } = this.#books
    if (bodies.size !== taken.size) return 'a repeat has another body'
    const keys = new Set(pages.map(({ key }) => key))
    for (const [key, times] of taken) {
      if (!keys.has(key)) return `taken, and not in the store: ${key}`
      if (times > 1 + (lawful.get(key) ?? 0)) return `taken ${times} times: ${key}`
    }
    return taken.size === keys.size ? null : 'delivered, and never taken'
  }
}

/** What `from` has more of than `others`. */
function without(from: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>()
  for (const text of others) left.set(text, (left.get(text) ?? 0) + 1)
  return from.filter((text) => {
    const count = left.get(text) ?? 0
    left.set(text, count - 1)
    return count <= 0
  })
}

/** Source kind `file`: finds the paths of globs, gives each a follower, and paces them all.
 *  Reading, rotation and checkpoints are left to file-follower.ts and what it uses.
 *  Files are polled: inotify loses events under load and knows nothing of network file systems, and
 *  one look at a quiet file costs microseconds. A watch only shortens the wait of a quiet file. */
import type { Batch } from '../model/event.ts'
import { readPosition, type FilePosition } from './file-checkpoint.ts'
import { Follower } from './file-follower.ts'
import { FileOwners, OpenFiles, openFilesMax, ReadBuffers } from './file-limits.ts'
import { fileOptions, type FileOptions } from './file-options.ts'
import { FilePaths, partitionsMax } from './file-paths.ts'
import type { FileTiming, Turn } from './file-turn.ts'
import { QuietWatch } from './quiet-watch.ts'
import type { Reach, Source, SourceContext, SourceType } from './source.ts'
import { Stop } from './stop.ts'
import { Ticker } from './ticker.ts'

/** A watched file without links in its path is looked at this many times less often: its watch tells
 *  of all that its path does not hide, and a file that has left it is missed by the globs. */
const watchedLooks = 10

/** Files whose size is looked up at once when somebody asks how far they are read. */
const looksMax = 64

/** A file born this long before the newest checkpoint may still lack one of its own when the daemon
 *  dies: it had to be found, and its first batch to be committed. */
const firstCommitMsMax = 60_000

/** Followers up to which those whose files have gone are kept, as they know what came last. */
const retireAbove = partitionsMax / 2

export const fileTiming: FileTiming = { pollMs: 100, quietMs: 1_000, rotateWaitMs: 2_000 }

export const file: SourceType<FileOptions> = {
  kind: 'file',
  doc:
    'Follows log files by path or glob through renames, truncation and restarts. ' +
    'Each path is a partition; a line counts when its newline has come.',
  example: '- { file: /var/log/nginx/*.log }',
  options: fileOptions,
  create: (name, options) => fileSource(name, options),
}

/** A file source; tests may shorten its pace and its number of open files. */
export function fileSource(
  name: string,
  options: FileOptions,
  { timing = fileTiming, filesMax = openFilesMax } = {},
): Source {
  let last: FileRun | null = null
  return {
    name,
    run: (context) => {
      last = new FileRun(name, options, context, timing, filesMax)
      return last.run()
    },
    reach: async () => (await last?.reach()) ?? new Map<string, Reach>(),
  }
}

/** One run of a source. */
class FileRun {
  readonly #name: string
  readonly #options: FileOptions
  readonly #context: SourceContext
  readonly #timing: FileTiming
  readonly #owners = new FileOwners()
  readonly #files: OpenFiles
  readonly #buffers = new ReadBuffers()
  readonly #paths: FilePaths
  readonly #followers = new Map<string, Follower>()
  /** Positions of paths whose files have gone, should they come back. */
  readonly #retired = new Map<string, FilePosition>()
  readonly #tasks = new Set<Promise<void>>()
  readonly #ticker: Ticker
  readonly #quiet = new QuietWatch()
  /** The pause of the loop that is under way: until when, and how to cut it short. */
  #pausing: { readonly untilMs: number; readonly end: () => void } = { untilMs: 0, end: () => {} }
  /** Aborted by the daemon's stop or by the first failure of any part. */
  readonly #stop = new AbortController()
  readonly #stopping = new Stop(this.#stop.signal)
  #failure: { readonly error: unknown } | null = null

  constructor(
    name: string,
    options: FileOptions,
    context: SourceContext,
    timing: FileTiming,
    filesMax: number,
  ) {
    this.#name = name
    this.#options = options
    this.#context = context
    this.#timing = timing
    this.#files = new OpenFiles(filesMax)
    this.#ticker = new Ticker(context.clock)
    const faultAt = (path: string) => this.#followers.get(path)?.fault ?? null
    this.#paths = new FilePaths(name, options, context, faultAt)
  }

  async run(): Promise<void> {
    const stop = () => this.#stop.abort()
    this.#stop.signal.addEventListener('abort', () => this.#pausing.end(), { once: true })
    if (this.#context.signal.aborted) return
    this.#context.signal.addEventListener('abort', stop, { once: true })
    try {
      await this.#start()
      if (this.#context.once) await Promise.all(this.#tasks)
      else await this.#watch()
    } finally {
      stop()
      this.#context.signal.removeEventListener('abort', stop)
      this.#ticker.wakeAll()
      this.#quiet.close()
      await Promise.allSettled(this.#tasks)
      await this.#files.close()
    }
    if (this.#failure !== null) throw this.#failure.error
  }

  /** How far each path is: one look at each, a few at a time. */
  async reach(): Promise<Map<string, Reach>> {
    const found = new Map<string, Reach>()
    const followers = [...this.#followers]
    for (let at = 0; at < followers.length; at += looksMax) {
      const some = followers.slice(at, at + looksMax)
      const reaches = await Promise.all(some.map(([, follower]) => follower.reach()))
      some.forEach(([path], i) => found.set(path, reaches[i] as Reach))
    }
    return found
  }

  /** Takes up the committed partitions and what the globs match now. */
  async #start(): Promise<void> {
    const known: [string, FilePosition][] = []
    for (const [path, checkpoint] of this.#context.checkpoints) {
      if (!this.#paths.covers(path)) continue
      const position = readPosition(checkpoint)
      if (position !== null) known.push([path, position])
      else this.#context.log.warn({ source: this.#name, path }, 'the checkpoint is not understood')
    }
    // If a crash left one file in two checkpoints, the one that is further ahead has it.
    known.sort(([, a], [, b]) => b.offset - a.offset)
    for (const [, position] of known) this.#owners.remember(position.finished)
    const newestMs = known.reduce((max, [, position]) => Math.max(max, position.atMs), -Infinity)
    const bornSinceMs = known.length === 0 ? Infinity : newestMs - firstCommitMsMax
    const from = this.#context.once ? 'beginning' : this.#options.from
    const start = { from, bornSinceMs } as const
    const found = await this.#paths.expand()
    const followers = known.map(([path, position]) => this.#add(path, position, start))
    for (const path of found) {
      if (!this.#followers.has(path)) followers.push(this.#add(path, null, start))
    }
    for (const follower of followers) await follower.reserve()
    const turns: Turn[] = []
    for (const follower of followers) turns.push(await follower.prepare())
    followers.forEach((follower, i) => this.#spawn(follower, turns[i]))
  }

  /** Drives the followers and looks for new files until the stop. */
  async #watch(): Promise<void> {
    const { clock } = this.#context
    let scanAt = clock.monotonic() + this.#timing.quietMs
    let scan: Promise<void> | null = null
    while (!this.#stopping.stopped) {
      await this.#pause(scanAt)
      this.#ticker.tick()
      if (scan !== null || clock.monotonic() < scanAt) continue
      scan = this.#scan().finally(() => {
        scan = null
        scanAt = clock.monotonic() + this.#timing.quietMs
      })
      this.#track(scan)
    }
  }

  /** Until somebody is due, in steps of a poll; while all are quiet, longer, or until one wakes. */
  async #pause(scanAt: number): Promise<void> {
    const { clock } = this.#context
    const now = clock.monotonic()
    const dueInMs = Math.min(this.#ticker.dueInMs, scanAt - now)
    const pauseMs = Math.max(this.#timing.pollMs, dueInMs)
    const hurry = new AbortController()
    this.#pausing = { untilMs: now + pauseMs, end: () => hurry.abort() }
    if (!this.#stopping.stopped) await clock.sleep(pauseMs, hurry.signal)
  }

  async #scan(): Promise<void> {
    const found = await this.#paths.expand()
    for (const [path, follower] of this.#followers) {
      if (!found.has(path)) this.#ticker.wake(path)
      const position = follower.ended
      if (position === null || found.has(path) || this.#followers.size <= retireAbove) continue
      this.#followers.delete(path)
      this.#retire(path, position)
    }
    const start = { from: 'beginning', bornSinceMs: -Infinity } as const
    for (const path of found) {
      if (this.#followers.has(path) || this.#stopping.stopped) continue
      const follower = this.#add(path, this.#retired.get(path) ?? null, start)
      this.#spawn(follower, await follower.prepare())
    }
  }

  #retire(path: string, position: FilePosition): void {
    this.#retired.delete(path)
    this.#retired.set(path, position)
    const oldest = this.#retired.keys().next().value
    if (this.#retired.size > partitionsMax && oldest !== undefined) this.#retired.delete(oldest)
  }

  #add(
    path: string,
    position: FilePosition | null,
    start: { from: FileOptions['from']; bornSinceMs: number },
  ): Follower {
    const keep = !this.#context.once
    const { ignore_older: ignoredMs = Infinity, close_inactive: closeInactiveMs = Infinity } =
      this.#options
    const encoding = this.#options.encoding ?? 'utf-8'
    const writtenSinceMs = this.#context.clock.now() - ignoredMs
    const follower = new Follower(
      path,
      position,
      { ...start, writtenSinceMs, encoding, keep },
      {
        source: this.#name,
        context: this.#context,
        timing: this.#timing,
        owners: this.#owners,
        files: this.#files,
        closeInactiveMs,
        encoding,
        followerOf: (other) => this.#followers.get(other),
      },
    )
    this.#followers.set(path, follower)
    return follower
  }

  #spawn(follower: Follower, first: Turn | undefined): void {
    if (first !== undefined) this.#track(this.#follow(follower, first))
  }

  #track(task: Promise<void>): void {
    const tracked = task
      .catch((error: unknown) => {
        this.#failure ??= { error }
        this.#stop.abort()
      })
      .finally(() => this.#tasks.delete(tracked))
    this.#tasks.add(tracked)
  }

  /** Gives a follower its turns until it has nothing more, is retired, or the source stops. */
  async #follow(follower: Follower, first: Turn): Promise<void> {
    let turn = first
    for (;;) {
      for (const batch of turn.batches) {
        if ((await this.#emit(batch)) === 'taken') follower.taken(batch)
      }
      if (this.#stopping.stopped) return
      if (turn.done) return follower.close()
      if (!turn.more) await this.#rest(follower)
      if (this.#stopping.stopped || this.#followers.get(follower.path) !== follower) return
      turn = await this.#buffers.lend((buffer) => follower.turn(buffer))
    }
  }

  /** Until the next look at a file that has nothing to read. */
  async #rest({ path, delayMs, isStraight }: Follower): Promise<void> {
    const { pollMs, quietMs } = this.#timing
    const isQuiet = delayMs > pollMs && !this.#context.once && (await this.#quiet.isLocal(path))
    const isNew = isQuiet && this.#quiet.start(path, () => this.#ticker.wake(path))
    if (!isQuiet) this.#quiet.stop(path)
    const isSafe = isStraight && delayMs >= quietMs && this.#quiet.has(path)
    const waitMs = isNew ? pollMs : isSafe ? quietMs * watchedLooks : delayMs
    const waiting = this.#ticker.wait(waitMs, path)
    const { untilMs, end } = this.#pausing
    if (this.#context.clock.monotonic() + waitMs < untilMs) end()
    await waiting
  }

  /** Waits for the pipeline, but not beyond a stop. */
  async #emit(batch: Batch): Promise<'taken' | 'stopped'> {
    if (this.#stopping.stopped) return 'stopped'
    return this.#stopping.or(this.#context.emit(batch).then(() => 'taken' as const))
  }
}

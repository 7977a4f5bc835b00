/** Follows a Deployinator log and hands over each deploy once per life of the follower; what the
 *  lines mean is deployinator.ts, merging with other reports is tracker.ts.
 *
 *  `tail` 2.2.6 gives the lines as they are appended. By itself it throws on a missing file, loses
 *  what stands in a truncated or replaced file below its old position, glues a partial line of the
 *  old file to the new one, stops for good after a read error, and (with `useWatchFile`) misses
 *  what is appended before its first stat. So a supervisor looks at the file once a second and, on
 *  any of these, starts a new tail from the beginning: reading again is harmless since a deploy
 *  that was seen is not handed over again. A replaced file is first drained through a handle that
 *  is held open, so that its last lines count wherever it was moved. Lines are read as latin1, which
 *  keeps one character per byte: the position is exact and no UTF-8 sequence is cut.
 *
 *  Before the file itself, and again after each rotation, what rotations have put aside is read
 *  (rotated-lines.ts), since several may have happened while nobody looked. */
import { closeSync, fstatSync, openSync, readSync, statSync, watch } from 'node:fs'
import { Tail } from 'tail'
import type { Clock } from '../flow/time.ts'
import { shortHash } from '../model/alert.ts'
import type { Deploy } from '../model/deploy.ts'
import { deployFileBytesMax } from './deploy-file.ts'
import { aheadFault, aheadMsMax } from './report.ts'
import { parseDeployinator } from './deployinator.ts'
import { readRotated } from './rotated-lines.ts'

/** How often the file's identity and size are compared with what the tail has read. */
const supervisePeriodMs = 1_000
/** Deploys and faulty lines remembered so that a second reading is silent. */
const seenMax = 20_000
/** Bytes at the head of the file by which a rewritten one is told from a grown one. */
const headBytes = 64

interface DeployLogOptions {
  readonly path: string
  readonly clock: Clock
  onDeploy(deploy: Deploy): void
  /** A line that is no deploy line; handed over once. */
  onBadLine(reason: string, line: string): void
  /** Part of what rotations have put aside was not read, and why. */
  onLeftOut(message: string): void
  /** The file cannot be followed, and why; null when it can again. Only on a change. */
  onFault(message: string | null): void
}

/** One opening of the file. */
interface Opened {
  readonly tail: Tail
  readonly handle: number
  readonly device: number
  readonly inode: number
  /** The first bytes as they were read. */
  head: Buffer
  /** Bytes of whole lines that the tail has handed over. */
  fed: number
  /** Size and `fed` at the last look. */
  sizeBefore: number
  fedBefore: number
  /** The tail reported an error and may have stopped. */
  broken: boolean
}

export class DeployLog {
  readonly #options: DeployLogOptions
  readonly #seen = new Set<string>()
  readonly #stop = new AbortController()
  #opened: Opened | null = null
  #fault: string | null = null
  /** Rotated files may hold what was not read. */
  #rotated = true
  #rotatedReadNs = 0n
  #running: Promise<void> | null = null

  constructor(options: DeployLogOptions) {
    this.#options = options
  }

  /** Begins to follow; a missing file is waited for. */
  start(): void {
    this.#running ??= this.#run()
  }

  /** Stops; no callback comes afterwards. May be called twice. */
  async close(): Promise<void> {
    this.#stop.abort()
    this.#release()
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock } = this.#options
    while (!this.#stop.signal.aborted) {
      if (this.#rotated) await this.#readRotated()
      try {
        if (!this.#stop.signal.aborted) this.#look()
      } catch (error) {
        this.#release()
        this.#say(reasonOf(error))
      }
      await clock.sleep(supervisePeriodMs, this.#stop.signal)
    }
  }

  async #readRotated(): Promise<void> {
    const { path } = this.#options
    this.#rotated = false
    this.#rotatedReadNs = await readRotated(path, this.#rotatedReadNs, {
      onLine: (line) => this.#take(line),
      onLeftOut: (message) => this.#options.onLeftOut(message),
      signal: this.#stop.signal,
    })
  }

  /** Compares the file with what is followed, and follows anew where they differ. */
  #look(): void {
    const { path } = this.#options
    const stat = statSync(path, { throwIfNoEntry: false })
    const opened = this.#opened
    if (opened !== null && (stat?.ino !== opened.inode || stat.dev !== opened.device)) {
      this.#drain(opened)
      this.#release()
      this.#rotated = true
    } else if (opened !== null && (opened.broken || isRewritten(opened) || isStalled(opened))) {
      this.#release()
    }
    if (stat === undefined) return this.#say('does not exist yet: waiting for it')
    if (!stat.isFile()) throw new Error('is no regular file: name the log itself')
    if (stat.size > deployFileBytesMax) throw new Error('is larger than 64 MiB: rotate it')
    if (this.#opened === null) this.#follow()
    this.#say(null)
  }

  #follow(): void {
    const { path } = this.#options
    // `tail` reports a refused watch only after it has begun to read, and to nobody.
    watch(path).close()
    const handle = openSync(path, 'r')
    try {
      const { dev, ino } = fstatSync(handle)
      const tail = new Tail(path, {
        fromBeginning: true,
        follow: false,
        separator: '\n',
        encoding: 'latin1',
      })
      const head = readRange(handle, 0, headBytes)
      const opened: Opened = {
        ...{ tail, handle, head, device: dev, inode: ino },
        ...{ fed: 0, sizeBefore: -1, fedBefore: -1, broken: false },
      }
      this.#opened = opened
      // A tail that was let go may still be reading: its listeners stay and do nothing.
      tail.on('line', (line: string) => {
        if (this.#opened !== opened) return
        opened.fed += line.length + 1
        this.#take(line)
      })
      tail.on('error', () => {
        opened.broken = true
      })
    } catch (error) {
      if (this.#opened === null) closeSync(handle)
      throw error
    }
  }

  /** Reads what the tail has left of a file that was moved away; its last line needs no newline. */
  #drain(opened: Opened): void {
    const { size } = fstatSync(opened.handle)
    const rest = readRange(opened.handle, opened.fed, Math.min(size, deployFileBytesMax))
    for (const line of rest.toString('latin1').split('\n')) this.#take(line)
  }

  #take(latin1: string): void {
    if (this.#stop.signal.aborted) return
    const line = Buffer.from(latin1, 'latin1').toString('utf8')
    const read = this.#read(line)
    if (read === null) return
    const key = typeof read === 'string' ? shortHash([line]) : `${read.id} ${read.end}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    if (this.#seen.size > seenMax) this.#seen.delete(this.#seen.values().next().value ?? '')
    if (typeof read === 'string') this.#options.onBadLine(read, line)
    else this.#options.onDeploy(read)
  }

  /** The deploy of a line, null when it tells of none, else what is wrong with it. */
  #read(line: string): Deploy | string | null {
    const read = parseDeployinator(line)
    if (read === null || typeof read === 'string') return read
    const ahead = Date.parse(read.start) - this.#options.clock.now()
    return ahead > aheadMsMax ? `its time ${aheadFault}` : read
  }

  #release(): void {
    if (this.#opened === null) return
    this.#opened.tail.unwatch()
    closeSync(this.#opened.handle)
    this.#opened = null
  }

  #say(fault: string | null): void {
    const message = fault === null ? null : `${this.#options.path} ${fault}`
    if (message === this.#fault) return
    this.#fault = message
    this.#options.onFault(message)
  }
}

/** Shrunk, or its head is another: the file was emptied and written anew in place. */
function isRewritten(opened: Opened): boolean {
  const { size } = fstatSync(opened.handle)
  if (size < Math.max(opened.fed, opened.sizeBefore)) return true
  const head = readRange(opened.handle, 0, headBytes)
  if (!head.subarray(0, opened.head.length).equals(opened.head)) return true
  opened.head = head
  return false
}

/** True when whole lines have waited since the last look and the tail has not moved. */
function isStalled(opened: Opened): boolean {
  const { size } = fstatSync(opened.handle)
  const still = size === opened.sizeBefore && opened.fed === opened.fedBefore
  opened.sizeBefore = size
  opened.fedBefore = opened.fed
  return still && size > opened.fed && readRange(opened.handle, opened.fed, size).includes(10)
}

function readRange(handle: number, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, to - from))
  let read = 0
  while (read < bytes.length) {
    const got = readSync(handle, bytes, read, bytes.length - read, from + read)
    if (got === 0) break
    read += got
  }
  return bytes.subarray(0, read)
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

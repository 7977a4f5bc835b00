/** What the files of one source share: the open descriptors, the read buffers, and who reads which
 *  file. Every bound of the file source on resources of the machine stands here.
 *  A descriptor may be closed between any two reads: the follower then opens its file again by its
 *  checkpoint, the same way as after a restart, so that path is walked every day. */
import type { FilePosition, FinishedFile } from './file-checkpoint.ts'
import { readBufferBytes, type FileReader } from './file-reader.ts'

/** Descriptors open at once in one source, those that a turn has just opened included. */
export const openFilesMax = 200
/** Reads under way at once in one source; each has a buffer of `readBufferBytes`. */
export const readsMax = 8
/** With fewer a lack of descriptors is a fault and nothing to live with. */
const heldMin = 3
/** Finished files that one source remembers by identity. */
const finishedFilesMax = 20_000

interface OpenFile {
  readonly reader: FileReader
  /** Moved away from its path: once closed it may not be found again. */
  left: boolean
}

/** Open readers by partition; beyond the bound the one unused for longest is closed. */
export class OpenFiles {
  #max: number
  /** The bound was lowered, and no file opened since. */
  #isRelieved = false
  readonly #open = new Map<string, OpenFile>()
  readonly #busy = new Set<string>()

  /** @param max At least `readsMax` + 2: each turn under way may hold one more than is kept. */
  constructor(max = openFilesMax) {
    this.#max = max - readsMax - 1
  }

  /** Descriptors held now. */
  get size(): number {
    return this.#open.size
  }

  /** Runs a turn of a partition, during which its reader is not closed by others. */
  async using<T>(partition: string, turn: () => Promise<T>): Promise<T> {
    this.#busy.add(partition)
    try {
      return await turn()
    } finally {
      this.#busy.delete(partition)
    }
  }

  get(partition: string): FileReader | null {
    const file = this.#open.get(partition)
    if (file === undefined) return null
    this.#open.delete(partition)
    this.#open.set(partition, file)
    return file.reader
  }

  async put(partition: string, reader: FileReader): Promise<void> {
    await this.drop(partition)
    this.#open.set(partition, { reader, left: false })
    this.#isRelieved = false
    if (this.#open.size > this.#max) await this.#closeOne()
  }

  /**
   * The system gives no more descriptors: a quarter of those held is closed, and no more are held
   * from now on. Others of the process need some as well.
   * @returns How many are held then; null when there are none to spare.
   */
  async relieve(): Promise<number | null> {
    if (this.#isRelieved) return this.#max
    const max = Math.floor(this.#open.size * 0.75)
    if (max < heldMin) return null
    this.#max = max
    this.#isRelieved = true
    while (this.#open.size > max && (await this.#closeOne()));
    return max
  }

  /** Closes the one unused for longest. @returns False when all are in use. */
  async #closeOne(): Promise<boolean> {
    const idle = [...this.#open].filter(([name]) => !this.#busy.has(name))
    const oldest = idle.find(([, file]) => !file.left) ?? idle[0]
    if (oldest === undefined) return false
    await this.drop(oldest[0])
    return true
  }

  /** Says that a file has moved away from its path, so that others are closed before it. */
  markLeft(partition: string, left: boolean): void {
    const file = this.#open.get(partition)
    if (file !== undefined) file.left = left
  }

  async drop(partition: string): Promise<void> {
    const file = this.#open.get(partition)
    this.#open.delete(partition)
    await file?.reader.handle.close()
  }

  async close(): Promise<void> {
    for (const partition of [...this.#open.keys()]) await this.drop(partition)
  }
}

/** Read buffers, lent in the order of asking: with more files than buffers, a round robin. */
export class ReadBuffers {
  readonly #free: Buffer[]
  readonly #waiting: ((buffer: Buffer) => void)[] = []

  constructor(count = readsMax) {
    this.#free = Array.from({ length: count }, () => Buffer.allocUnsafeSlow(readBufferBytes))
  }

  async lend<T>(use: (buffer: Buffer) => Promise<T>): Promise<T> {
    const buffer = this.#free.pop() ?? (await new Promise<Buffer>((got) => this.#waiting.push(got)))
    try {
      return await use(buffer)
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free.push(buffer)
      else next(buffer)
    }
  }
}

/** Which partition reads which file, so that links and overlapping globs count it once. */
export class FileOwners {
  readonly #live = new Map<string, string>()
  readonly #finished = new Map<string, FinishedFile>()
  /** Files that were there at a start which reads only what has a checkpoint. */
  readonly #ignored = new Set<string>()

  /** True when the file now belongs to the partition. */
  claim(id: string, partition: string): boolean {
    const owner = this.#live.get(id) ?? partition
    if (owner === partition) this.#live.set(id, owner)
    return owner === partition
  }

  /** Leaves a file alone for as long as this run lasts, under whatever name. */
  ignore(id: string): void {
    this.#ignored.add(id)
  }

  isIgnored(id: string): boolean {
    return this.#ignored.has(id)
  }

  isFree(id: string): boolean {
    return !this.#live.has(id)
  }

  release(id: string, partition: string): void {
    if (this.#live.get(id) === partition) this.#live.delete(id)
  }

  /** What was counted of a file that a partition is done with; undefined when none is. */
  finished(id: string): FinishedFile | undefined {
    return this.#finished.get(id)
  }

  /** Keeps the greatest count of bytes; beyond the bound the oldest is forgotten. */
  remember(files: FilePosition['finished']): void {
    for (const file of files) {
      const known = this.#finished.get(file.id)
      if (known !== undefined && known.bytes > file.bytes) continue
      this.#finished.delete(file.id)
      this.#finished.set(file.id, file)
    }
    for (const id of this.#finished.keys()) {
      if (this.#finished.size <= finishedFilesMax) break
      this.#finished.delete(id)
    }
  }
}

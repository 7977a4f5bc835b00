/** A folder of log files in memory, as far as the file source looks at one: its own answers to
 *  node:fs/promises, in the time and with the delays of the simulation. It does what ext4 does: a name
 *  is not a file, an inode that is free is given to the next file, times are as coarse as a tick. */
import type { VirtualTime } from './virtual-time.ts'

/** Everything below it is in memory. */
export const simRoot = '/simulated'

/** File systems stamp with the time of the last tick, ms. */
const tickMs = 4
/** NFS: of no change is anybody told. */
const statfsType = 0x6969

interface Inode {
  readonly ino: number
  readonly birthMs: number
  bytes: Buffer
  mtimeMs: number
  ctimeMs: number
  links: number
  handles: number
  /** Where it is or was last. */
  path: string
}

export class MemoryDisk {
  readonly #time: VirtualTime
  /** ms that the next read of a file takes. */
  readonly #readMs: () => number
  readonly #files = new Map<string, Inode>()
  readonly #taken = new Set<number>()
  /** Open files by descriptor. */
  readonly #open: Inode[] = []

  constructor(time: VirtualTime, readMs: () => number) {
    this.#time = time
    this.#readMs = readMs
  }

  exists(path: string): boolean {
    return this.#files.has(path)
  }

  contentOf(path: string): Buffer {
    return this.#at(path).bytes
  }

  /** Makes the file when there is none. */
  append(path: string, text: string | Buffer): void {
    const inode = this.#files.get(path) ?? this.#make(path)
    inode.bytes = Buffer.concat([inode.bytes, Buffer.from(text)])
    inode.mtimeMs = inode.ctimeMs = this.#tick()
  }

  truncate(path: string): void {
    const inode = this.#at(path)
    inode.bytes = Buffer.alloc(0)
    inode.mtimeMs = inode.ctimeMs = this.#tick()
  }

  rename(from: string, to: string): void {
    const inode = this.#at(from)
    if (this.#files.has(to)) this.remove(to)
    this.#files.delete(from)
    this.#files.set(to, inode)
    inode.path = to
    inode.ctimeMs = this.#tick()
  }

  remove(path: string): void {
    const inode = this.#at(path)
    this.#files.delete(path)
    inode.links -= 1
    inode.ctimeMs = this.#tick()
    this.#free(inode)
  }

  async open(path: string) {
    await this.#step()
    const inode = this.#at(path)
    inode.handles += 1
    let isOpen = true
    return {
      fd: this.#open.push(inode) - 1,
      read: async (buffer: Buffer, offset: number, length: number, position: number) => {
        const ms = this.#readMs()
        await (ms > 0 ? this.#time.sleep(ms) : this.#step())
        const end = Math.min(inode.bytes.length, position + length)
        return { bytesRead: inode.bytes.copy(buffer, offset, Math.min(position, end), end), buffer }
      },
      stat: async (options?: { bigint?: boolean }) => {
        await this.#step()
        return statOf(inode, options?.bigint === true)
      },
      close: async () => {
        await this.#step()
        if (isOpen) inode.handles -= 1
        isOpen = false
        this.#free(inode)
      },
    }
  }

  async stat(path: string, options?: { bigint?: boolean }) {
    await this.#step()
    return statOf(this.#at(path), options?.bigint === true)
  }

  async realpath(path: string): Promise<string> {
    await this.#step()
    this.#at(path)
    return path
  }

  /** The name of a descriptor below /proc/self/fd. */
  async readlink(path: string): Promise<string> {
    await this.#step()
    const inode = this.#open[Number(path.slice(path.lastIndexOf('/') + 1))]
    if (inode === undefined) return this.#at(path).path
    return inode.links === 0 ? `${inode.path} (deleted)` : inode.path
  }

  async statfs(): Promise<{ readonly type: number }> {
    await this.#step()
    return { type: statfsType }
  }

  async readdir(dir: string, options?: { withFileTypes?: boolean }) {
    await this.#step()
    const names = [...this.#files.keys()]
      .filter((path) => path.startsWith(`${dir}/`))
      .map((path) => path.slice(dir.length + 1))
      .sort()
    if (options?.withFileTypes !== true) return names
    return names.map((name) => ({ name, isDirectory: () => false, isSymbolicLink: () => false }))
  }

  #at(path: string): Inode {
    const inode = this.#files.get(path)
    if (inode !== undefined) return inode
    const message = `ENOENT: no such file or directory, '${path}'`
    throw Object.assign(new Error(message), { code: 'ENOENT', syscall: 'open', path })
  }

  #make(path: string): Inode {
    let ino = 11
    while (this.#taken.has(ino)) ino += 1
    this.#taken.add(ino)
    const at = this.#tick()
    const inode = {
      ino,
      birthMs: at,
      bytes: Buffer.alloc(0),
      mtimeMs: at,
      ctimeMs: at,
      links: 1,
      handles: 0,
      path,
    }
    this.#files.set(path, inode)
    return inode
  }

  /** An open file keeps its inode. The handles of a process that died count on: that delays reuse. */
  #free(inode: Inode): void {
    if (inode.links === 0 && inode.handles === 0) this.#taken.delete(inode.ino)
  }

  #tick(): number {
    return Math.floor(this.#time.now / tickMs) * tickMs
  }

  #step(): Promise<void> {
    this.#time.stir()
    return Promise.resolve()
  }
}

function statOf(inode: Inode, big: boolean) {
  const numbers = {
    dev: 1,
    ino: inode.ino,
    size: inode.bytes.length,
    nlink: inode.links,
    mtimeMs: inode.mtimeMs,
    ctimeMs: inode.ctimeMs,
    birthtimeMs: inode.birthMs,
  }
  const kinds = {
    isFile: () => true,
    isDirectory: () => false,
    isFIFO: () => false,
    isSocket: () => false,
  }
  if (!big) return { ...numbers, ...kinds }
  const bigs = Object.entries(numbers).map(([name, value]) => [name, BigInt(value)])
  const ns = (ms: number) => BigInt(ms) * 1_000_000n
  return {
    ...(Object.fromEntries(bigs) as Record<keyof typeof numbers, bigint>),
    mtimeNs: ns(inode.mtimeMs),
    ctimeNs: ns(inode.ctimeMs),
    birthtimeNs: ns(inode.birthMs),
    ...kinds,
  }
}

/** Which file a path reads next, and from where: the ones that a rotation has put aside first, then
 *  the one at the path. Files that another path reads, or that were read to their end under another
 *  name, are left alone, so that links, overlapping globs and rotations inside a glob count once. */
import { realpath, type FileHandle } from 'node:fs/promises'
import {
  evidenceBytesMin,
  fileId,
  judge,
  resumeOffset,
  sameHead,
  type FilePosition,
} from './file-checkpoint.ts'
import type { Encoding } from './encoding.ts'
import type { FileOwners } from './file-limits.ts'
import type { FileOptions } from './file-options.ts'
import { forbidden } from './file-places.ts'
import { lineStart, openRegular, refusal, type OpenedFile } from './file-reader.ts'
import { isCompressed, look, rotatedSince } from './file-rotation.ts'

/** Where a path begins that has no checkpoint. */
export interface FirstRead {
  readonly from: FileOptions['from']
  /** Wall time, ms: a file created since then is read from its beginning in any case. */
  readonly bornSinceMs: number
  /** Wall time, ms: a file last written before it begins at its end. */
  readonly writtenSinceMs?: number
  readonly encoding?: Encoding
}

/** The last file of a path. */
export interface LastFile {
  readonly position: FilePosition
  /** It is nowhere any more: a file with the same content at the path is its copy. */
  readonly gone: boolean
}

/** A file to read, claimed and open, or why there is none; null: there is simply nothing new. */
export type NextFile =
  | {
      readonly file: OpenedFile
      /** Its real path. */
      readonly path: string
      /** It stands at the followed path, not beside it. */
      readonly own: boolean
      /** First byte to be counted. */
      readonly offset: number
    }
  | { readonly refused: string | null }

const nothing: NextFile = { refused: null }

export class FileOpening {
  readonly #path: string
  readonly #owners: FileOwners
  readonly #first: FirstRead
  readonly #elders: () => Promise<void>
  readonly #ownDir: string | undefined
  /** Size of the file when the path was first seen; null: it is read from its beginning. */
  #firstSize: number | null = null
  /** Facts of a finished file that need not be opened again to know it. */
  #skipped = ''

  /** @param elders Lets the paths that this one may be a rotation of reserve their files. */
  constructor(
    path: string,
    owners: FileOwners,
    first: FirstRead,
    elders: () => Promise<void>,
    ownDir?: string,
  ) {
    this.#ownDir = ownDir
    this.#path = path
    this.#owners = owners
    this.#first = first
    this.#elders = elders
  }

  /** Lays hold of the files that this path has a right to, before any other path begins: those
   *  that came after its own and were renamed before anybody looked. */
  async reserve(position: FilePosition | null): Promise<void> {
    if (position === null) {
      const there = await look(this.#path).catch(() => null)
      const old = there?.isFile() === true && bornMs(there) < this.#first.bornSinceMs
      this.#firstSize = old && this.#first.from === 'end' ? Number(there.size) : null
      if (old && this.#first.from === 'checkpoint') this.#owners.ignore(fileId(there))
      return
    }
    const there = await look(this.#path).catch(() => null)
    if (there !== null && fileId(there) === fileId(position)) return
    for (const rotated of await rotatedSince(this.#path, position)) {
      const there = await look(rotated).catch(() => null)
      if (there !== null) this.#owners.claim(fileId(there), this.#path)
    }
  }

  /** Finds and opens the next file. @throws the system's error when it cannot be read. */
  async next(last: LastFile | null): Promise<NextFile> {
    const rotated = last === null ? [] : await rotatedSince(this.#path, last.position)
    for (const candidate of rotated) {
      const next = await this.#open(candidate, last)
      if ('file' in next) return next
    }
    return this.#open(this.#path, last)
  }

  /** When the file that came after the one of the position was created, wall time in ms; null when
   *  there is none or the file system does not say. */
  async successorBornMs(position: FilePosition | null): Promise<number | null> {
    if (position === null) return null
    for (const candidate of [...(await rotatedSince(this.#path, position)), this.#path]) {
      const there = await look(candidate).catch(() => null)
      if (there !== null) return there.birthtimeNs > 0n ? Number(there.birthtimeMs) : null
    }
    return null
  }

  async #open(candidate: string, last: LastFile | null): Promise<NextFile> {
    const there = await look(candidate)
    if (there === null) return nothing
    const refused = refusal(there)
    if (refused !== null) return { refused }
    if (isCompressed(candidate)) return { refused: 'is compressed; only plain files are read' }
    const id = fileId(there)
    const facts = `${id}:${there.size}:${there.mtimeNs}`
    if (facts === this.#skipped || this.#owners.isIgnored(id)) return nothing
    if (candidate === this.#path && this.#owners.isFree(id)) await this.#elders()
    if (!this.#owners.claim(id, this.#path)) return nothing
    let offset: number | null = null
    try {
      const file = await openRegular(candidate)
      if ('refused' in file) return file
      offset = await closingOnError(file.handle, async () =>
        fileId(file.stat) === id ? this.#offsetIn(file, candidate, last) : null,
      )
      if (offset !== null) {
        const path = await realPath(candidate)
        const refused = forbidden(path, file.stat, this.#ownDir)
        if (refused !== null) {
          offset = null
          await file.handle.close()
          return { refused }
        }
        return { file, path, own: candidate === this.#path, offset }
      }
      await file.handle.close()
      this.#skipped = facts
      return nothing
    } finally {
      if (offset === null) this.#owners.release(id, this.#path)
    }
  }

  /** First byte of a file that is to be counted; null when all of it was. */
  async #offsetIn(
    { handle, stat }: OpenedFile,
    candidate: string,
    last: LastFile | null,
  ): Promise<number | null> {
    const size = Number(stat.size)
    const done = this.#owners.finished(fileId(stat))
    if (done !== undefined && size >= done.bytes && (await sameHead(handle, done.head))) {
      return size === done.bytes ? null : done.bytes
    }
    if (last === null) {
      const { writtenSinceMs = -Infinity, encoding } = this.#first
      if (Number(stat.mtimeMs) < writtenSinceMs) return lineStart(handle, size, encoding)
      const seen = this.#firstSize
      return seen === null ? 0 : lineStart(handle, Math.min(seen, size), encoding)
    }
    const copied = last.position.offset >= evidenceBytesMin || sameFileOfOtherDevice(last, stat)
    const verdict = copied ? await judge(handle, size, last.position) : 'other'
    if (verdict === 'other') return 0
    // A copy put aside, as logrotate's `copy` makes it, was counted in the original. One that is
    // back at the path of a file that still exists is a new generation with an old beginning.
    if (!last.gone) return candidate === this.#path ? 0 : null
    return resumeOffset(last.position, size)
  }
}

/** Without creation times the time of the last write has to do: rather a line read that was old than
 *  a new one left out. */
function bornMs(stat: OpenedFile['stat']): number {
  return Number(stat.birthtimeNs > 0n ? stat.birthtimeMs : stat.mtimeMs)
}

/** Device numbers may change at a reboot, when nothing else of the file does. */
function sameFileOfOtherDevice({ position }: LastFile, stat: OpenedFile['stat']): boolean {
  return position.ino === String(stat.ino) && position.birth === String(stat.birthtimeNs)
}

async function realPath(path: string): Promise<string> {
  return realpath(path).catch(() => path)
}

/** Runs `use` and closes the handle if it throws. */
export async function closingOnError<T>(handle: FileHandle, use: () => Promise<T>): Promise<T> {
  try {
    return await use()
  } catch (error) {
    await handle.close()
    throw error
  }
}

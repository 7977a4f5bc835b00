/** Reads one open regular file forward in whole lines. Paths, rotation and what a partition is are
 *  left to file-follower.ts.
 *  Each read starts a little before the bytes that are new and compares that overlap with what was
 *  there before, in one system call: a file that was truncated and has grown past the offset again
 *  is noticed before any byte of it is taken for a continuation. */
import { constants, type BigIntStats } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { bytesBefore, hashBytes, markBytesMax, readAt } from './file-checkpoint.ts'
import { cutterOf, lastLineIn, orderBytes, type Cutter, type Encoding } from './encoding.ts'
import { LineCutter, lineBytesMax, type Piece } from './lines.ts'

/** Largest batch in bytes, unless one line is longer. Each read waits for a thread of the system, which
 *  costs as much as parsing 30 KB; what a kernel takes at once (kernel-wasm.ts) is not more. */
export const batchBytesMax = 524_288
const chunkBytesMin = 65_536

/** Length of the buffer that `next` needs, bytes. */
export const readBufferBytes = markBytesMax + batchBytesMax

/** Whole lines with the hash of the bytes before their end. */
export interface MarkedPiece extends Piece {
  readonly mark: string
  /** Where the last of them begins, and the hash of the bytes before it: by these a file whose last
   *  line was removed is known. Absent where bytes are not those of the file. */
  readonly lastLine?: readonly [number, string]
}

/** Result of one read. */
export type Read =
  | {
      readonly kind: 'lines'
      readonly pieces: readonly MarkedPiece[]
      /** The end of the file was reached. */
      readonly end: boolean
      /** New bytes, those of an unfinished line included. */
      readonly bytes: number
    }
  /** The bytes before the offset are not those that were read: truncated or rewritten. */
  | { readonly kind: 'replaced' }

/** A regular file, open for reading, and its facts at that time. */
export interface OpenedFile {
  readonly handle: FileHandle
  readonly stat: BigIntStats
}

/**
 * Opens a path for reading if it leads to a regular file; links are followed.
 * @throws the system's error when it cannot be opened.
 */
export async function openRegular(
  path: string,
): Promise<OpenedFile | { readonly refused: string }> {
  // O_NONBLOCK: opening a FIFO without a writer would otherwise never return.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const stat = await handle.stat({ bigint: true })
  if (stat.isFile()) return { handle, stat }
  await handle.close()
  return { refused: refusal(stat) ?? 'not a regular file' }
}

/** Why a file of this type cannot be followed; null when it can. */
export function refusal(stat: BigIntStats): string | null {
  if (stat.isFile()) return null
  if (stat.isDirectory()) return 'is a directory; name a glob such as DIR/*.log'
  if (stat.isFIFO()) return 'is a FIFO; pipe it into standard input instead'
  return stat.isSocket() ? 'is a socket' : 'is a device'
}

/** One file and how far it was read. */
export class FileReader {
  readonly handle: FileHandle
  #cutter: Cutter
  #encoding: Encoding = 'utf-8'
  /** The last bytes before the read position. */
  #tail: Buffer

  private constructor(handle: FileHandle) {
    this.handle = handle
    this.#cutter = new LineCutter()
    this.#tail = Buffer.alloc(0)
  }

  /** Starts at `offset`, where a line begins. The caller keeps the duty to close the handle. */
  static async at(handle: FileHandle, offset: number): Promise<FileReader> {
    const reader = new FileReader(handle)
    await reader.restart(offset)
    return reader
  }

  /** Goes on at `offset`, trusting what stands before it now. */
  async restart(offset: number): Promise<void> {
    this.#tail = await bytesBefore(this.handle, offset)
    this.#cutter = cutterOf(this.#encoding, offset, await headOf(this.handle, this.#encoding))
  }

  /** Says how the file is written; before anything of it is read. */
  async decode(encoding: Encoding): Promise<void> {
    if (encoding === this.#encoding) return
    this.#encoding = encoding
    await this.restart(this.read)
  }

  /** Offset of the next byte to read. */
  get read(): number {
    return this.#cutter.read
  }

  /** Hash of the bytes before the read position. */
  get mark(): string {
    return hashBytes(this.#tail)
  }

  /** Reads on. @param buffer `readBufferBytes` long; free for others when the call returns. */
  async next(buffer: Buffer): Promise<Read> {
    const overlap = this.#tail.length
    const from = this.#cutter.read - overlap
    const wanted = overlap + Math.max(chunkBytesMin, batchBytesMax - this.#cutter.held)
    const { bytesRead } = await this.handle.read(buffer, 0, wanted, from)
    const seen = buffer.subarray(0, bytesRead)
    if (!this.#tail.equals(seen.subarray(0, overlap))) return { kind: 'replaced' }
    const markAt = (offset: number) =>
      hashBytes(seen.subarray(Math.max(0, offset - from - markBytesMax), offset - from))
    const pieces = this.#cutter.push(seen.subarray(overlap)).map((piece): MarkedPiece => {
      const begin = lastLineOf(piece)
      const isSeen = begin !== null && begin - Math.min(begin, markBytesMax) >= from
      const lastLine = isSeen ? ([begin, markAt(begin)] as const) : undefined
      return { ...piece, mark: markAt(piece.end), ...(lastLine === undefined ? {} : { lastLine }) }
    })
    this.#tail = Buffer.from(seen.subarray(-markBytesMax))
    return { kind: 'lines', pieces, end: bytesRead < wanted, bytes: bytesRead - overlap }
  }

  /** Takes back the bytes of a piece that was taken by the pipeline. */
  reuse(bytes: Buffer): void {
    this.#cutter.reuse(bytes)
  }

  /** The unfinished last line of a file that is done; see LineCutter.finish. */
  finish(terminate: boolean): Piece | null {
    return this.#cutter.finish(terminate)
  }
}

/** Offset of the line that stands at `offset`: behind the last LF before it, so that a line whose LF
 *  has not come yet is read whole; `offset` itself when that line began more than 1 MiB earlier. */
export async function lineStart(
  handle: FileHandle,
  offset: number,
  encoding: Encoding = 'utf-8',
): Promise<number> {
  // Where a character has two bytes, it begins at an even offset, as each stretch does then.
  const last = encoding.startsWith('utf-16') ? offset - (offset % 2) : offset
  const lowest = Math.max(0, last - lineBytesMax)
  const head = await headOf(handle, encoding)
  for (let end = last; end > lowest; end -= chunkBytesMin) {
    const from = Math.max(lowest, end - chunkBytesMin)
    const line = lastLineIn(await readAt(handle, from, end - from), encoding, head)
    if (line >= 0) return from + line
  }
  return lowest === 0 ? 0 : last
}

/** Offset at which the last line of a piece begins; null where that does not follow from its bytes. */
function lastLineOf({ bytes, end, skippedBytes, positions }: Piece): number | null {
  if (positions !== undefined || skippedBytes > 0 || bytes.length < 2) return null
  return end - (bytes.length - 1 - bytes.lastIndexOf(0x0a, bytes.length - 2))
}

/** What decides on the order of bytes, read only where it is asked for. */
async function headOf(handle: FileHandle, encoding: Encoding): Promise<Buffer> {
  return encoding === 'utf-16' ? readAt(handle, 0, orderBytes) : Buffer.alloc(0)
}

/** How far one partition is: turns pieces of a file into batches and keeps the position that goes
 *  into their checkpoints. Which file is read, and when, is left to file-follower.ts.
 *  Positions of the partition only grow: each file, and each new content of one, starts where the
 *  one before ended, so that (partition, position) names a line for good. */
import type { FileHandle } from 'node:fs/promises'
import type { Batch, Checkpoint, LineFacts } from '../model/event.ts'
import {
  addFinished,
  addMark,
  bytesBefore,
  hashBytes,
  headBytesMax,
  judge,
  noHead,
  readAt,
  resumeOffset,
  type FilePosition,
} from './file-checkpoint.ts'
import { isUtf16, type Encoding } from './encoding.ts'
import type { NextFile } from './file-opening.ts'
import type { MarkedPiece } from './file-reader.ts'
import type { Piece } from './lines.ts'
import type { SourceContext } from './source.ts'

/** What is special about a piece: the last one of its file, or of the partition. */
export interface Ending {
  /** The LF of its last line was added by us; it takes a position of its own. */
  readonly terminated: boolean
  readonly final: boolean
}

const goesOn: Ending = { terminated: false, final: false }

export class FileProgress {
  readonly #source: string
  readonly #partition: string
  readonly #context: SourceContext
  #position: FilePosition | null
  readonly #encoding: Encoding
  #warnedBinary = false

  constructor(
    source: string,
    partition: string,
    context: SourceContext,
    position: FilePosition | null,
    encoding: Encoding,
  ) {
    this.#encoding = encoding
    this.#source = source
    this.#partition = partition
    this.#context = context
    this.#position = position
  }

  /** Position in the file being read or, when none is, in the last one; null before the first. */
  get position(): FilePosition | null {
    return this.#position
  }

  /** Takes back what a failed turn has moved. */
  restore(position: FilePosition | null): void {
    this.#position = position
  }

  /** Notes that the file stands at its path now. */
  seenAtPath(): void {
    this.#position = { ...this.#known(), hereMs: this.#context.clock.now() }
  }

  /** Goes over to another file, of which `offset` bytes are not ours to count. */
  async begin({ file, path, own, offset }: Extract<NextFile, { file: unknown }>): Promise<void> {
    const last = this.#position
    const end = last === null ? 0 : last.base + last.offset
    this.#position = {
      dev: String(file.stat.dev),
      ino: String(file.stat.ino),
      birth: String(file.stat.birthtimeNs),
      file: path,
      offset,
      lastLine: undefined,
      base: Math.max(0, end - offset),
      head: noHead,
      marks: offset === 0 ? [] : [[offset, hashBytes(await bytesBefore(file.handle, offset))]],
      finished: last?.finished ?? [],
      atMs: this.#context.clock.now(),
      hereMs: own || last === null ? this.#context.clock.now() : last.hereMs,
    }
    await this.#readHead(file.handle)
  }

  /** Compares the file with what was read of it and, if it was changed, moves the position. */
  async renew(handle: FileHandle, size: number): Promise<void> {
    const position = this.#known()
    const verdict = await judge(handle, size, position)
    if (verdict === 'same') return
    const end = position.base + position.offset
    const facts = { source: this.#source, path: this.#partition, offset: position.offset, size }
    if (verdict === 'shrunk') {
      const offset = resumeOffset(position, size)
      const marks = position.marks.filter(([at]) => at <= offset)
      this.#position = { ...position, offset, lastLine: undefined, base: end - offset, marks }
      this.#context.log.warn(facts, 'the end of the file was cut off; reading on at its new end')
    } else {
      this.#position = {
        ...position,
        offset: 0,
        lastLine: undefined,
        base: end,
        head: noHead,
        marks: [],
      }
      this.#context.log.info(facts, 'the file was truncated; reading it from its beginning')
    }
  }

  /** The batch of a piece, after which the position stands behind it. */
  async batch(
    handle: FileHandle,
    piece: Piece & Pick<MarkedPiece, 'lastLine'>,
    mark: string,
    ending: Ending = goesOn,
  ): Promise<Batch> {
    const position = this.#known()
    const [at, hash] = piece.lastLine ?? []
    const marks = at === undefined ? position.marks : addMark(position.marks, at, hash ?? '')
    this.#position = {
      ...position,
      offset: piece.end,
      lastLine: at,
      base: position.base + (ending.terminated ? 1 : 0),
      marks: addMark(marks, piece.end, mark),
      atMs: this.#context.clock.now(),
    }
    await this.#readHead(handle)
    return this.#batch(piece, position.base + piece.start, ending.final, position.base)
  }

  /** A batch without lines that only commits the position. */
  emptyBatch(): Batch {
    const { base, offset } = this.#known()
    const nothing = { bytes: Buffer.alloc(0), start: offset, end: offset, skippedBytes: 0 }
    return this.#batch(nothing, base + offset, false)
  }

  /** Notes that the file is done, for this run and in the checkpoints to come. */
  finish(): FilePosition {
    const position = this.#known()
    this.#position = { ...position, finished: addFinished(position) }
    return this.#position
  }

  #batch(piece: Piece, start: number, final: boolean, base = 0): Batch {
    const position = this.#known()
    return {
      source: this.#source,
      partition: this.#partition,
      bytes: piece.bytes,
      start,
      checkpoint: position satisfies Checkpoint,
      arrivalMs: position.atMs,
      final,
      skippedBytes: piece.skippedBytes,
      ...(piece.positions === undefined
        ? {}
        : { lines: lineFacts(piece.positions, base, position) }),
    }
  }

  /** Hashes the head of the file as far as it is counted, until it has its full length. */
  async #readHead(handle: FileHandle): Promise<void> {
    const position = this.#known()
    const length = Math.min(headBytesMax, position.offset)
    if (length <= position.head.bytes) return
    const bytes = await readAt(handle, 0, length)
    this.#position = { ...position, head: { bytes: bytes.length, hash: hashBytes(bytes) } }
    if (this.#warnedBinary || !bytes.includes(0) || this.#encoding.startsWith('utf-16')) return
    this.#warnedBinary = true
    const facts = { source: this.#source, path: this.#partition }
    const message = isUtf16(bytes)
      ? 'the file is UTF-16; it is read as such with encoding: utf-16'
      : 'the file holds NUL bytes; it may not be a text log'
    this.#context.log.warn(facts, message)
  }

  #known(): FilePosition {
    if (this.#position === null) throw new Error('no file has been begun')
    return this.#position
  }
}

/** What a batch says of lines whose positions do not follow from their bytes. */
function lineFacts(offsets: Float64Array, base: number, { atMs }: FilePosition): LineFacts {
  return {
    positions: offsets.map((offset) => base + offset),
    arrivals: new Float64Array(offsets.length).fill(atMs),
    fields: new Map(),
  }
}

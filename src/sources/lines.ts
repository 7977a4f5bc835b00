/** Bytes → whole lines. Keeps the unfinished last line until its LF arrives and cuts lines that are
 *  longer than the limit; decoding, CR and meaning are left to the parsers.
 *  LF alone ends a line: CR, NUL and U+2028 are content, so that no byte of a hostile line can make
 *  two events of one. An over-long line is one line, cut and counted, never dropped silently. */

/** Longest line that is kept, bytes without its LF; 1 MiB. */
export const lineBytesMax = 1_048_576

const lf = 10
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf])
const heldBytesMin = 256
/** A larger buffer is let go once its line is finished, bytes. */
const heldBytesKept = 65_536

/** Memory of pieces that is worth keeping, and how much at most. Fresh memory of this size is mapped
 *  and cleared page by page, which costs about as much as parsing what is then put there. */
const spareBytesMin = 65_536
const spareBytesMax = 1_048_576

/** Whole lines that follow each other in the stream. */
export interface Piece {
  /** A buffer of its own; shares no memory with what was pushed. */
  readonly bytes: Buffer
  /** Offset of `bytes[0]` in the stream; `start + i` is the offset of byte i. */
  readonly start: number
  /** Offset of the next line in the stream: where to resume after this piece. */
  readonly end: number
  /** Bytes left out at the end of the one over-long line in `bytes`; 0 for ordinary pieces. */
  readonly skippedBytes: number
  /** Offset of each line in the stream, where that is not `start + i`. */
  readonly positions?: Float64Array
}

/** Cuts a stream that arrives in arbitrary chunks; the lines do not depend on where it was split.
 *  Holds at most one unfinished line, and of that at most the limit. */
export class LineCutter {
  readonly #limit: number
  /** Offset of the unfinished line. */
  #start: number
  /** Bytes seen of it, those beyond the limit included. */
  #length = 0
  #held = Buffer.alloc(0)
  /** Memory of a piece that was taken back. */
  #spare: ArrayBuffer | null = null

  /** @param offset Offset of the first byte that will be pushed; a line begins there. */
  constructor(offset = 0, limit = lineBytesMax) {
    this.#start = offset
    this.#limit = limit
  }

  /** Offset of the next byte to push. */
  get read(): number {
    return this.#start + this.#length
  }

  /** Bytes of the unfinished line in memory. */
  get held(): number {
    return Math.min(this.#length, this.#limit)
  }

  /** Takes the next bytes of the stream; the caller may reuse `chunk` afterwards. */
  push(chunk: Buffer): Piece[] {
    const pieces: Piece[] = []
    // In a slice no longer than the limit only the first line, which began earlier, can be too long.
    for (let at = 0; at < chunk.length; at += this.#limit) {
      this.#pushSlice(chunk.subarray(at, at + this.#limit), pieces)
    }
    return pieces
  }

  /**
   * The unfinished line, when nothing more will come; null when there is none.
   * @param terminate Adds the LF that the stream lacks; `end` does not count it.
   */
  finish(terminate: boolean): Piece | null {
    if (this.#length === 0) return null
    const piece = this.#take(Buffer.alloc(0), terminate)
    return piece.bytes.length === 0 ? null : piece
  }

  #pushSlice(slice: Buffer, pieces: Piece[]): void {
    const first = slice.indexOf(lf)
    if (first < 0) return this.#hold(slice)
    let from = 0
    if (this.#length + first > this.#limit) {
      this.#hold(slice.subarray(0, first))
      const piece = this.#take(Buffer.alloc(0), true)
      this.#start += 1
      pieces.push({ ...piece, end: piece.end + 1 })
      from = first + 1
    }
    const end = slice.lastIndexOf(lf) + 1
    if (end > from) pieces.push(this.#take(slice.subarray(from, end), false))
    this.#hold(slice.subarray(end))
  }

  /** Adds to the unfinished line; bytes beyond the limit are only counted. */
  #hold(part: Buffer): void {
    const room = Math.max(0, this.#limit - this.#length)
    const kept = part.subarray(0, room)
    const size = this.held + kept.length
    if (size > this.#held.length) {
      const doubled = Math.max(heldBytesMin, size, this.#held.length * 2)
      const grown = Buffer.alloc(Math.min(this.#limit, doubled))
      this.#held.copy(grown, 0, 0, this.held)
      this.#held = grown
    }
    kept.copy(this.#held, this.held)
    this.#length += part.length
  }

  /** Takes back the memory of a piece that nobody looks at any more, for a later one. */
  reuse({ buffer }: Buffer): void {
    if (buffer.byteLength >= spareBytesMin && buffer.byteLength <= spareBytesMax) {
      this.#spare = buffer as ArrayBuffer
    }
  }

  /** Not from Node's shared pool: the pipeline owns the bytes and may hand over their memory. */
  #memory(size: number): Buffer {
    const spare = this.#spare
    if (spare !== null && spare.byteLength >= size) {
      this.#spare = null
      return Buffer.from(spare, 0, size)
    }
    const room = size < spareBytesMin ? size : Math.ceil(size / spareBytesMin) * spareBytesMin
    return Buffer.allocUnsafeSlow(room).subarray(0, size)
  }

  /** What is held and `part` after it, as a piece; the next line begins behind them. */
  #take(part: Buffer, terminate: boolean): Piece {
    const held = this.held
    const skippedBytes = this.#length - held
    const bytes = this.#memory(held + part.length + (terminate ? 1 : 0))
    this.#held.copy(bytes, 0, 0, held)
    part.copy(bytes, held)
    if (terminate) bytes[bytes.length - 1] = lf
    const start = this.#start
    this.#start += this.#length + part.length
    this.#length = 0
    if (this.#held.length > heldBytesKept) this.#held = Buffer.alloc(0)
    const marked = start === 0 && byteOrderMark.equals(bytes.subarray(0, 3))
    return marked
      ? { bytes: bytes.subarray(3), start: 3, end: this.#start, skippedBytes }
      : { bytes, start, end: this.#start, skippedBytes }
  }
}

/** Text in other encodings than UTF-8 → whole lines of UTF-8 whose positions are still those of the
 *  bytes in the file. Checkpoints, marks and ids of events never see that a line was translated.
 *  The stream is translated first and cut afterwards: LF is one byte only then, and the limit of a line
 *  is the same in every encoding. That the n-th LF before and the n-th LF after are one is what leads
 *  back to the file. */
import { StringDecoder } from 'node:string_decoder'
import { LineCutter, type Piece } from './lines.ts'

export const encodings = ['utf-8', 'latin1', 'utf-16le', 'utf-16be', 'utf-16'] as const
/** How the characters of a file are written. `utf-16`: the byte order mark decides. */
export type Encoding = (typeof encodings)[number]

type Order = 'latin1' | 'little' | 'big'

/** Bytes at the beginning of a file that decide on its order. */
export const orderBytes = 2

const lf = 10
const markUtf16 = 0xfeff
/** Bytes translated at once: they become at most twice as many. */
const chunkBytesMax = 262_144

/** A reader's way from bytes to lines, whatever the encoding. */
export type Cutter = Pick<LineCutter, 'read' | 'held' | 'push' | 'finish' | 'reuse'>

/**
 * @param offset Offset of the first byte that will be pushed; a line begins there.
 * @param head The first bytes of the file, which `utf-16` asks for unless it begins there itself.
 */
export function cutterOf(encoding: Encoding, offset: number, head: Buffer): Cutter {
  return encoding === 'utf-8'
    ? new LineCutter(offset)
    : new TranslatingCutter(offset, orderOf(encoding, offset === 0 ? null : head))
}

/** True when a file begins with a byte order mark of UTF-16. */
export function isUtf16(head: Buffer): boolean {
  return head.length >= orderBytes && [0xfeff, 0xfffe].includes(head.readUInt16BE(0))
}

/** Order of the bytes; null while that is not known. Without a mark it is that of most machines. */
function orderOf(encoding: Exclude<Encoding, 'utf-8'>, head: Buffer | null): Order | null {
  if (encoding === 'latin1') return 'latin1'
  if (encoding === 'utf-16le') return 'little'
  if (encoding === 'utf-16be') return 'big'
  if (head === null) return null
  return head.length >= orderBytes && head.readUInt16BE(0) === markUtf16 ? 'big' : 'little'
}

/**
 * Where the last line of a stretch begins, which itself begins with a whole character.
 * @returns Its offset in the stretch; -1 when no line ends in it.
 */
export function lastLineIn(bytes: Buffer, encoding: Encoding, head: Buffer): number {
  const order = encoding === 'utf-8' ? 'latin1' : orderOf(encoding, head)
  if (order === 'latin1') return bytes.lastIndexOf(lf) + 1 || -1
  const unit = Buffer.from(order === 'big' ? [0, lf] : [lf, 0])
  for (let at = bytes.lastIndexOf(unit); at >= 0; at = bytes.lastIndexOf(unit, at - 1)) {
    if (at % 2 === 0) return at + 2
    if (at === 0) break
  }
  return -1
}

class TranslatingCutter implements Cutter {
  readonly #lines: LineCutter
  readonly #decoder = new StringDecoder('utf16le')
  #order: Order | null
  #read: number
  /** Bytes that make no whole unit yet. */
  #rest = Buffer.alloc(0)
  /** Where the next line begins, and where the ones that are being cut end. */
  #start: number
  #ends: number[] = []

  constructor(offset: number, order: Order | null) {
    this.#read = this.#start = offset
    this.#order = order
    // Only at 0 does a line cutter take a byte order mark for one.
    this.#lines = new LineCutter(offset === 0 && order !== 'latin1' ? 0 : 1)
  }

  get read(): number {
    return this.#read
  }

  get held(): number {
    return this.#lines.held
  }

  push(chunk: Buffer): Piece[] {
    const pieces: Piece[] = []
    for (let at = 0; at < chunk.length; at += chunkBytesMax) {
      const text = this.#translate(chunk.subarray(at, at + chunkBytesMax))
      for (const piece of this.#lines.push(text)) pieces.push(this.#placed(piece))
    }
    return pieces
  }

  finish(terminate: boolean): Piece | null {
    const pending = this.#decoder.end() + (this.#rest.length > 0 ? '\ufffd' : '')
    this.#rest = Buffer.alloc(0)
    this.#lines.push(Buffer.from(pending))
    const piece = this.#lines.finish(terminate)
    if (piece === null) return null
    this.#ends.push(this.#read)
    return this.#placed(piece)
  }

  reuse(bytes: Buffer): void {
    this.#lines.reuse(bytes)
  }

  /** Notes where the lines of a chunk end. @returns It in UTF-8. */
  #translate(chunk: Buffer): Buffer {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk])
    const first = this.#read - this.#rest.length
    this.#read += chunk.length
    if (this.#order === null && bytes.length >= orderBytes) this.#order = orderOf('utf-16', bytes)
    if (this.#order === 'latin1') {
      for (let at = bytes.indexOf(lf); at >= 0; at = bytes.indexOf(lf, at + 1)) {
        this.#ends.push(first + at + 1)
      }
      return Buffer.from(bytes.toString('latin1'))
    }
    const whole = this.#order === null ? 0 : bytes.length - (bytes.length % 2)
    const units = Buffer.from(bytes.subarray(0, whole))
    this.#rest = Buffer.from(bytes.subarray(whole))
    if (this.#order === 'big') units.swap16()
    for (let at = units.indexOf(lf); at >= 0; at = units.indexOf(lf, at + 1)) {
      if (at % 2 === 0 && units[at + 1] === 0) this.#ends.push(first + at + 2)
    }
    return Buffer.from(this.#decoder.write(units))
  }

  /** A piece with its place in the file. Each of its lines has an end, the last one too. */
  #placed({ bytes, start, skippedBytes }: Piece): Piece {
    // What was dropped at the beginning is a byte order mark.
    if (this.#start === 0 && start === 3) this.#start = orderBytes
    let count = 0
    for (let at = bytes.indexOf(lf); at >= 0; at = bytes.indexOf(lf, at + 1)) count += 1
    if (bytes.at(-1) !== lf) count += 1
    const ends = this.#ends.splice(0, count)
    const positions = Float64Array.from([this.#start, ...ends.slice(0, -1)])
    const piece = { bytes, start: this.#start, end: ends.at(-1) ?? this.#start, skippedBytes }
    this.#start = piece.end
    return { ...piece, positions }
  }
}

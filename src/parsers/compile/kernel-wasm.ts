/** The kernel in WebAssembly. A batch is copied into the module's memory, in pieces of whole lines if
 *  it is large, and its columns are copied out, so that they are the caller's own for as long as it
 *  keeps them. The memory holds one piece and its columns, a few megabytes, and grows to the longest
 *  line seen, which sources bound (1 MiB); one module serves all sources of a parser in turn. */
import { endianness } from 'node:os'
import type { ColumnRoom } from '../../model/columns.ts'
import { emitModule, type WasmModule } from './emit-module.ts'
import type { Scanned } from '../parser.ts'
import { bytesFor, columnsIn, ownColumns } from './column-memory.ts'
import type { Kernel } from './kernel.ts'
import { jsKernel } from './kernel-js.ts'
import { timeBlock, type MemoryMap } from './memory-map.ts'
import type { Plan } from './plan.ts'
import type { Remembered } from './times.ts'
import { encodeModule, FunctionCode } from './wasm-encoder.ts'

/** Text copied in at once: the largest batch of a source, but for longer lines. */
export const pieceBytes = 524_288
/** A batch with a longer line than this is not copied in; generated JavaScript takes it. */
const textBytesMax = 67_108_864

const LF = 10

interface Exports {
  scan(start: number, end: number): number
}

/** The columns of a piece of a batch. */
interface Piece extends Scanned {
  /** Where the piece begins in the batch. */
  readonly offset: number
}

/** @returns null where the engine has no SIMD, or the patterns are too large for a module. */
export function wasmKernel(plan: Plan): Kernel | null {
  if (!hasSimd() || endianness() !== 'LE') return null
  try {
    return new WasmKernel(plan, emitModule(plan, pieceBytes))
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

let simd: boolean | null = null

/** Told by a module of one function that asks whether a vector has a bit. */
function hasSimd(): boolean {
  simd ??= typeof WebAssembly !== 'undefined' && WebAssembly.validate(smallest())
  return simd
}

function smallest(): Uint8Array<ArrayBuffer> {
  const code = new FunctionCode([]).splat(1).do('v128.any_true')
  return encodeModule({
    learn: { parameters: 0, result: null },
    functions: [{ type: { parameters: 0, result: 'i32' }, code }],
    scan: 1,
    pages: 1,
  })
}

export class WasmKernel implements Kernel {
  readonly #plan: Plan
  readonly #map: MemoryMap
  readonly #memory: WebAssembly.Memory
  readonly #exports: Exports
  #bytes: Buffer
  #zone = ''

  /** @param memory Memory that another thread puts text into; of its own when absent. */
  constructor(plan: Plan, { bytes, map }: WasmModule, memory?: WebAssembly.Memory) {
    this.#plan = plan
    this.#map = map
    this.#memory = memory ?? new WebAssembly.Memory({ initial: map.pagesFor(pieceBytes) })
    this.#bytes = Buffer.from(this.#memory.buffer)
    for (const { at, set } of map.tables.values()) this.#bytes.set(set.table, at)
    const learn = (start: number, end: number): number => this.#learn(start, end)
    const env = { memory: this.#memory, learn }
    const module = new WebAssembly.Module(bytes)
    this.#exports = new WebAssembly.Instance(module, { env }).exports as unknown as Exports
  }

  /** Scans text that lies in the memory already, as far as one call goes, and leaves the columns there.
   *  @returns Rows, and how many are unsure; null when there are more rows than the memory holds. */
  scanInPlace(length: number, zone: string): Pick<Scanned, 'rows' | 'unsure'> | null {
    this.#inZone(zone)
    const rows = this.#exports.scan(0, length)
    const isWhole = this.#bytes.readInt32LE(this.#map.next) === length
    return isWhole ? { rows, unsure: this.#bytes.readInt32LE(this.#map.unsure) } : null
  }

  #inZone(zone: string): void {
    if (zone !== this.#zone) this.#bytes.writeInt32LE(0, this.#map.time + timeBlock.length)
    this.#zone = zone
  }

  scan(bytes: Buffer, zone: string, room?: ColumnRoom): Scanned {
    this.#inZone(zone)
    const pieces: Piece[] = []
    for (let offset = 0; offset < bytes.length;) {
      const end = pieceEnd(bytes, offset)
      if (end - offset > textBytesMax) return jsKernel(this.#plan).scan(bytes, zone)
      this.#copyIn(bytes, offset, end)
      for (let done = 0; done < end - offset;) {
        const rows = this.#exports.scan(done, end - offset)
        done = this.#bytes.readInt32LE(this.#map.next)
        const isWhole = pieces.length === 0 && offset + done === bytes.length
        pieces.push(this.#copyOut(rows, offset, isWhole ? room : undefined))
      }
      offset = end
    }
    const [only] = pieces
    return only !== undefined && pieces.length === 1 ? only : merged(pieces, this.#plan)
  }

  #copyIn(bytes: Buffer, start: number, end: number): void {
    const pages = this.#map.pagesFor(end - start)
    const missing = pages - this.#memory.buffer.byteLength / 65_536
    if (missing > 0) {
      this.#memory.grow(missing)
      this.#bytes = Buffer.from(this.#memory.buffer)
    }
    this.#bytes.set(bytes.subarray(start, end), this.#map.text.origin)
  }

  #copyOut(rows: number, offset: number, room?: ColumnRoom): Piece {
    const { layout } = this.#plan
    const { buffer } = this.#memory
    const own =
      room === undefined
        ? ownColumns(rows, layout)
        : columnsIn(room.take(bytesFor(rows, layout)), rows, layout)
    own.kind.set(new Uint8Array(buffer, this.#map.kind, rows))
    for (const [column, to] of own.numbers.entries()) {
      to.set(new Float64Array(buffer, this.#map.numbers(column), rows))
    }
    for (const [column, to] of own.positions.entries()) {
      to.set(new Int32Array(buffer, this.#map.positions(column), rows))
    }
    return { ...own, rows, offset, unsure: this.#bytes.readInt32LE(this.#map.unsure) }
  }

  /** Called by the module for a time that is not as the last one. */
  #learn(start: number, end: number): number {
    const { origin } = this.#map.text
    const text = this.#bytes.subarray(origin + start, origin + end)
    const [time, remembered] = this.#plan.times.learn(text, 0, text.length, this.#zone)
    if (remembered !== null) this.#remember(remembered)
    return time
  }

  #remember(remembered: Remembered): void {
    const block = this.#bytes.subarray(this.#map.time, this.#map.time + timeBlock.size)
    block.fill(0)
    block.writeInt32LE(remembered.bytes.length, timeBlock.length)
    block.writeInt32LE(remembered.secondAt, timeBlock.secondAt)
    block.writeInt32LE(remembered.minuteAt, timeBlock.minuteAt)
    block.writeInt32LE(remembered.hourAt, timeBlock.hourAt)
    block.writeInt32LE(remembered.fractionAt, timeBlock.fractionAt)
    block.writeInt32LE(remembered.fractionDigits, timeBlock.fractionDigits)
    block.writeDoubleLE(remembered.base, timeBlock.base)
    block.set(remembered.bytes, timeBlock.bytes)
    block.set(
      remembered.same.map((same) => same * 255),
      timeBlock.same,
    )
  }
}

/** Where a piece that begins at `start` ends: after a line end, if need be of one long line. */
function pieceEnd(bytes: Buffer, start: number): number {
  if (bytes.length - start <= pieceBytes) return bytes.length
  const last = bytes.lastIndexOf(LF, start + pieceBytes - 1)
  if (last >= start) return last + 1
  const next = bytes.indexOf(LF, start + pieceBytes)
  return next < 0 ? bytes.length : next + 1
}

/** The pieces of a batch as one, with positions from its beginning. */
function merged(pieces: readonly Piece[], { layout }: Plan): Scanned {
  const rows = pieces.reduce((sum, piece) => sum + piece.rows, 0)
  const all = ownColumns(rows, layout)
  let row = 0
  for (const piece of pieces) {
    all.kind.set(piece.kind, row)
    for (const [column, to] of all.numbers.entries()) to.set(piece.numbers[column] ?? [], row)
    for (const [column, to] of all.positions.entries()) {
      const from = piece.positions[column] ?? new Int32Array(0)
      for (let at = 0; at < piece.rows; at++) {
        const position = from[at] ?? -1
        to[row + at] = position < 0 ? position : position + piece.offset
      }
    }
    row += piece.rows
  }
  return { ...all, rows, unsure: pieces.reduce((sum, piece) => sum + piece.unsure, 0) }
}

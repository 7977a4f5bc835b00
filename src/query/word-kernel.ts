/** The two inner loops of the search for words, as a small WebAssembly module made here, byte by
 *  byte: folding sixteen bytes at a time, and asking the filter of gram-table.ts at every place. In
 *  JavaScript both take three times as long; that form stands below them, for machines without
 *  these instructions and as the check of the module. */
import { gramMultiplier } from './gram-table.ts'

/** What is scanned, and where candidates go. Positions are in bytes of the memory. */
export interface ScanRange {
  /** First place to look at, and the place after the last one. */
  readonly from: number
  readonly to: number
  readonly step: number
  /** Bits of a four-byte load that are a window. */
  readonly mask: number
  readonly shift: number
  /** Place of the filter. */
  readonly filter: number
  /** Where positions of candidates are written, four bytes each, and where that ends. */
  readonly out: number
  readonly outEnd: number
}

export interface WordKernel {
  /** Writes letters and digits of ASCII in small letters, and a space for every other byte, `by`
   *  bytes behind where they are. Works on sixteen bytes at a time, so up to 15 beyond `to`. */
  fold(from: number, to: number, by: number): void
  /** Writes the places whose window the filter has; stops when `out` is full.
   *  @returns Where the next candidate would have been written. */
  scan(range: ScanRange): number
}

/** What is used of WebAssembly; Node's types leave it to the DOM library. */
interface WebAssemblyApi {
  readonly Memory: new (pages: { initial: number; maximum: number }) => { buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
  validate(bytes: Uint8Array): boolean
}
const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly: WebAssemblyApi }

/** Memory of a kernel; it never grows, so views of its buffer stay. */
export type KernelMemory = Readonly<InstanceType<WebAssemblyApi['Memory']>>

const pageBytes = 65_536

export function kernelMemory(bytes: number): KernelMemory {
  const pages = Math.ceil(bytes / pageBytes)
  return new wasm.Memory({ initial: pages, maximum: pages })
}

type Exports = {
  readonly fold: (from: number, to: number, by: number) => void
  readonly scan: (
    from: number,
    to: number,
    step: number,
    mask: number,
    shift: number,
    filter: number,
    out: number,
    outEnd: number,
  ) => number
}

/** The module over a memory, or the same in JavaScript where it cannot be compiled. */
export function wordKernel(memory: KernelMemory): WordKernel {
  const bytes = moduleBytes()
  if (!wasm.validate(bytes)) return plainKernel(memory)
  const instance = new wasm.Instance(new wasm.Module(bytes), { m: { m: memory } })
  const { fold, scan } = instance.exports as Exports
  return {
    fold,
    scan: ({ from, to, step, mask, shift, filter, out, outEnd }) =>
      scan(from, to, step, mask, shift, filter, out, outEnd),
  }
}

/** What the module does, said in JavaScript. */
export function plainKernel(memory: KernelMemory): WordKernel {
  const bytes = new Uint8Array(memory.buffer)
  const view = new DataView(memory.buffer)
  return {
    fold: (from, to, by) => {
      for (let at = from; at < to; at++) {
        const small = bytes[at]! | 0x20
        const letter = small >= 97 && small <= 122
        const digit = bytes[at]! >= 48 && bytes[at]! <= 57
        bytes[at + by] = letter ? small : digit ? bytes[at]! : 0x20
      }
    },
    scan: ({ from, to, step, mask, shift, filter, out, outEnd }) => {
      let next = out
      for (let at = from; at < to && next < outEnd; at += step) {
        const bit = Math.imul(view.getInt32(at, true) & mask, gramMultiplier) >>> shift
        const word = view.getInt32(filter + (bit >>> 5) * 4, true)
        if (((word >>> (bit & 31)) & 1) === 0) continue
        view.setInt32(next, at, true)
        next += 4
      }
      return next
    },
  }
}

/** Opcodes; the numbers are of the WebAssembly specification, version 2.0. */
const op = {
  block: 0x02, loop: 0x03, if: 0x04, end: 0x0b, br: 0x0c, brIf: 0x0d,
  get: 0x20, set: 0x21, tee: 0x22, load: 0x28, store: 0x36, constant: 0x41,
  geU: 0x4f, add: 0x6a, mul: 0x6c, and: 0x71, shl: 0x74, shrU: 0x76, simd: 0xfd,
} as const // prettier-ignore
const simd = { load: 0, store: 11, constant: 12, lessU: 38, or: 80, select: 82, sub: 113 } as const
const [i32, v128, none] = [0x7f, 0x7b, 0x40]

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const types = list([
    [0x60, ...list([[i32], [i32], [i32]]), 0],
    [0x60, ...list(new Array<number[]>(8).fill([i32])), 1, i32],
  ])
  const memory = [...name('m'), ...name('m'), 2, 0, 1]
  const exported = list([
    [...name('fold'), 0, 0],
    [...name('scan'), 0, 1],
  ])
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(2, list([memory])),
    ...section(3, list([[0], [1]])),
    ...section(7, exported),
    ...section(10, list([sized(foldBody()), sized(scanBody())])),
  ])
}

/** fold(from, to, by); local 3 holds sixteen bytes, local 4 the same in small letters. */
function foldBody(): number[] {
  const [from, to, by, bytes, small] = [0, 1, 2, 3, 4]
  const inRange = (local: number, first: number, count: number): number[] =>
    [op.get, local, ...splat(first), op.simd, simd.sub, ...splat(count), op.simd, simd.lessU] // prettier-ignore
  return [
    ...[1, 2, v128],
    ...[op.block, none, op.loop, none],
    ...[op.get, from, op.get, to, op.geU, op.brIf, 1],
    // Where the result goes is the first operand of the store.
    ...[op.get, from, op.get, by, op.add],
    ...[op.get, from, op.simd, simd.load, 0, 0, op.tee, bytes],
    ...[...splat(0x20), op.simd, simd.or, op.set, small],
    ...[op.get, bytes],
    ...[op.get, small, ...splat(0x20), ...inRange(small, 97, 26), op.simd, simd.select],
    ...[...inRange(bytes, 48, 10), op.simd, simd.select],
    ...[op.simd, simd.store, 0, 0],
    ...[op.get, from, op.constant, 16, op.add, op.set, from],
    ...[op.br, 0, op.end, op.end, op.end],
  ]
}

/** scan(from, to, step, mask, shift, filter, out, outEnd); local 8 is the bit of a window. */
function scanBody(): number[] {
  const [from, to, step, mask, shift, filter, out, outEnd, bit] = [0, 1, 2, 3, 4, 5, 6, 7, 8]
  return [
    ...[1, 1, i32],
    ...[op.block, none, op.loop, none],
    ...[op.get, from, op.get, to, op.geU, op.brIf, 1],
    ...[op.get, from, op.load, 0, 0, op.get, mask, op.and],
    ...[op.constant, ...signed(gramMultiplier | 0), op.mul, op.get, shift, op.shrU, op.tee, bit],
    ...[op.constant, 5, op.shrU, op.constant, 2, op.shl, op.get, filter, op.add, op.load, 2, 0],
    ...[op.get, bit, op.shrU, op.constant, 1, op.and],
    ...[op.if, none],
    ...[op.get, out, op.get, from, op.store, 2, 0],
    ...[op.get, out, op.constant, 4, op.add, op.tee, out, op.get, outEnd, op.geU, op.brIf, 2],
    op.end,
    ...[op.get, from, op.get, step, op.add, op.set, from],
    ...[op.br, 0, op.end, op.end],
    ...[op.get, out, op.end],
  ]
}

function splat(byte: number): number[] {
  return [op.simd, simd.constant, ...new Array<number>(16).fill(byte)]
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...sized(content)]
}

function list(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()]
}

function name(text: string): number[] {
  return sized([...Buffer.from(text)])
}

function sized(content: readonly number[]): number[] {
  return [...unsigned(content.length), ...content]
}

/** LEB128. */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]
}

/** LEB128 of a signed number. */
function signed(value: number): number[] {
  const last = value >= -64 && value < 64
  return last ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)]
}

/** The two inner loops of the search for words, as a small WebAssembly module made here, byte by
 *  byte: folding sixteen bytes at a time, and asking the filter of gram-table.ts at four places with
 *  one branch. The same in JavaScript stands beside it, for machines without these instructions and
 *  as the check of the module. */
import { gramMultiplier } from './gram-table.ts'

/** What is scanned, and where candidates go. Positions are in bytes of the memory. */
export interface ScanRange {
  /** First place to look at, and the place after the last one. */
  readonly from: number
  readonly to: number
  readonly step: 1 | 2 | 4
  /** Bits of a four-byte load that are a window. */
  readonly mask: number
  readonly shift: number
  /** Place of the filter. */
  readonly filter: number
  /** Where candidates are written: how many there are, then their positions, four bytes each. */
  readonly out: number
  /** Positions that there is room for. */
  readonly room: number
}

/** Places that are looked at together. */
const together = 4

export interface WordKernel {
  /** Writes letters and digits of ASCII in small letters, and a space for every other byte, `by`
   *  bytes behind where they are. Works on sixteen bytes at a time, so up to 15 beyond `to`. */
  fold(from: number, to: number, by: number): void
  /** Writes the places whose window the filter has, also of a few places beyond `to`; stops when
   *  `out` is full.
   *  @returns The first place that was not looked at. */
  scan(range: ScanRange): number
}

/** What is used of WebAssembly; Node's types leave it to the DOM library. */
interface WebAssemblyApi {
  readonly Memory: new (pages: { initial: number; maximum: number }) => { buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
  validate(bytes: Uint8Array): boolean
}
/** Node without a just-in-time compiler (`--jitless`) has none. */
const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly?: WebAssemblyApi }

/** Memory of a kernel; it never grows, so views of its buffer stay. */
export type KernelMemory = Readonly<InstanceType<WebAssemblyApi['Memory']>>

const pageBytes = 65_536

export function kernelMemory(bytes: number): KernelMemory {
  if (wasm === undefined) return { buffer: new ArrayBuffer(bytes) }
  const pages = Math.ceil(bytes / pageBytes)
  return new wasm.Memory({ initial: pages, maximum: pages })
}

type Scan = (
  from: number,
  to: number,
  mask: number,
  shift: number,
  filter: number,
  out: number,
  last: number,
) => number
interface Exports {
  readonly fold: WordKernel['fold']
  readonly scan1: Scan
  readonly scan2: Scan
  readonly scan4: Scan
}

/** The module over a memory, or the same in JavaScript where it cannot be compiled. */
export function wordKernel(memory: KernelMemory): WordKernel {
  const bytes = moduleBytes()
  if (wasm?.validate(bytes) !== true) return plainKernel(memory)
  const instance = new wasm.Instance(new wasm.Module(bytes), { m: { m: memory } })
  const { fold, scan1, scan2, scan4 } = instance.exports as Exports
  const scans = { 1: scan1, 2: scan2, 4: scan4 }
  return {
    fold,
    scan: ({ from, to, step, mask, shift, filter, out, room }) =>
      scans[step](from, to, mask, shift, filter, out, out + (room - together + 1) * 4),
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
    scan: ({ from, to, step, mask, shift, filter, out, room }) => {
      let count = 0
      let at = from
      while (at < to && count <= room - together) {
        for (const end = at + step * together; at < end; at += step) {
          const place = Math.imul(view.getInt32(at, true) & mask, gramMultiplier) >>> shift
          view.setInt32(out + 4 + count * 4, at, true)
          count += bytes[filter + place]!
        }
      }
      view.setInt32(out, count, true)
      return at
    },
  }
}

/** Opcodes; the numbers are of the WebAssembly specification, version 2.0. */
const op = {
  block: 0x02, loop: 0x03, if: 0x04, end: 0x0b, br: 0x0c, brIf: 0x0d,
  get: 0x20, set: 0x21, tee: 0x22, load: 0x28, loadByte: 0x2d, store: 0x36, constant: 0x41,
  geU: 0x4f, gtU: 0x4b, add: 0x6a, sub: 0x6b, mul: 0x6c, and: 0x71, or: 0x72, shl: 0x74,
  shrU: 0x76, simd: 0xfd,
} as const // prettier-ignore
const simd = { load: 0, store: 11, constant: 12, lessU: 38, or: 80, select: 82, sub: 113 } as const
const [i32, v128, none] = [0x7f, 0x7b, 0x40]

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const types = list([
    [0x60, ...list([[i32], [i32], [i32]]), 0],
    [0x60, ...list(new Array<number[]>(7).fill([i32])), 1, i32],
  ])
  const memory = [...name('m'), ...name('m'), 2, 0, 1]
  const exported = list([
    [...name('fold'), 0, 0],
    [...name('scan1'), 0, 1],
    [...name('scan2'), 0, 2],
    [...name('scan4'), 0, 3],
  ])
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, types),
    ...section(2, list([memory])),
    ...section(3, list([[0], [1], [1], [1]])),
    ...section(7, exported),
    ...section(10, list([foldBody(), ...[1, 2, 4].map(scanBody)].map(sized))),
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

/** scanN(from, to, mask, shift, filter, out, last) with N bytes from place to place. Locals 7 to 10
 *  hold what the filter has of four places, 11 where the next candidate goes. */
function scanBody(step: number): number[] {
  const [from, to, mask, shift, filter, out, last, found, next] = [0, 1, 2, 3, 4, 5, 6, 7, 11]
  const places = [...new Array(together).keys()]
  const look = (place: number): number[] => [
    ...[op.get, from, op.load, 0, place * step, op.get, mask, op.and],
    ...[op.constant, ...signed(gramMultiplier | 0), op.mul, op.get, shift, op.shrU],
    ...[op.get, filter, op.add, op.loadByte, 0, 0, op.tee, found + place],
    ...(place > 0 ? [op.or] : []),
  ]
  // Every place is written, and written over by the next unless it is a candidate.
  const note = (place: number): number[] => [
    ...[op.get, next, op.get, from, op.constant, ...signed(place * step), op.add, op.store, 2, 0],
    ...[op.get, next, op.get, found + place, op.constant, 2, op.shl, op.add, op.set, next],
  ]
  return [
    ...[1, together + 1, i32],
    ...[op.get, out, op.constant, 4, op.add, op.set, next],
    ...[op.block, none, op.loop, none],
    ...[op.get, from, op.get, to, op.geU, op.brIf, 1],
    ...[op.get, next, op.get, last, op.gtU, op.brIf, 1],
    ...[...places.flatMap(look), op.if, none, ...places.flatMap(note), op.end],
    ...[op.get, from, op.constant, ...signed(together * step), op.add, op.set, from],
    ...[op.br, 0, op.end, op.end],
    ...[op.get, out, op.get, next, op.get, out, op.sub, op.constant, 4, op.sub],
    ...[op.constant, 2, op.shrU, op.store, 2, 0],
    ...[op.get, from, op.end],
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

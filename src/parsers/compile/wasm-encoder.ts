/** Writes WebAssembly in its binary form: the instructions and sections that emit-wasm.ts needs, no
 *  more. Own, since a module of a few kilobytes at start-up does not justify a compiler as a
 *  dependency (docs/decisions/2026-11-25-pattern-compiler.md).
 *  WebAssembly Core Specification 2.0, chapter 5. */

export const valueType = { i32: 0x7f, f64: 0x7c, v128: 0x7b } as const
export type ValueType = keyof typeof valueType

/** Instructions without operands in the code; those with a prefix have two bytes. */
const plain = {
  unreachable: [0x00], else: [0x05], end: [0x0b], return: [0x0f], select: [0x1b],
  'i32.eqz': [0x45], 'i32.eq': [0x46], 'i32.ne': [0x47], 'i32.lt_s': [0x48], 'i32.lt_u': [0x49],
  'i32.gt_s': [0x4a], 'i32.gt_u': [0x4b], 'i32.le_s': [0x4c], 'i32.le_u': [0x4d],
  'i32.ge_s': [0x4e], 'i64.ne': [0x52], 'f64.eq': [0x61], 'f64.ne': [0x62], 'f64.le': [0x65], 'f64.ge': [0x66],
  'i32.clz': [0x67], 'i32.ctz': [0x68], 'i32.add': [0x6a], 'i32.sub': [0x6b], 'i32.mul': [0x6c],
  'i32.and': [0x71], 'i32.or': [0x72], 'i32.xor': [0x73], 'i32.shl': [0x74], 'i32.shr_s': [0x75],
  'i64.eq': [0x51], 'f64.neg': [0x9a], 'f64.floor': [0x9c], 'f64.add': [0xa0], 'f64.sub': [0xa1],
  'f64.mul': [0xa2], 'f64.div': [0xa3],
  'f64.convert_i32_s': [0xb7],
  'i8x16.swizzle': [0xfd, 0x0e], 'i8x16.splat': [0xfd, 0x0f], 'i8x16.eq': [0xfd, 0x23],
  'i8x16.le_u': [0xfd, 0x2a], 'v128.and': [0xfd, 0x4e], 'v128.or': [0xfd, 0x50],
  'v128.xor': [0xfd, 0x51], 'v128.any_true': [0xfd, 0x53], 'i8x16.bitmask': [0xfd, 0x64],
  'i8x16.shr_u': [0xfd, 0x6d], 'i8x16.sub': [0xfd, 0x71],
} as const // prettier-ignore
export type Plain = keyof typeof plain

const access = {
  'i32.load': [0x28], 'i64.load': [0x29], 'f64.load': [0x2b], 'i32.load8_u': [0x2d],
  'i32.load16_u': [0x2f], 'i32.store': [0x36], 'f64.store': [0x39], 'i32.store8': [0x3a],
  'v128.load': [0xfd, 0x00],
} as const // prettier-ignore
export type Access = keyof typeof access

/** The body of one function. Locals have names, of which the parameters are the first. */
export class FunctionCode {
  readonly bytes: number[] = []
  readonly #locals = new Map<string, number>()
  readonly #types: ValueType[] = []
  readonly #parameters: number
  /** Labels from the outermost to the innermost. */
  readonly #labels: string[] = []

  constructor(parameters: readonly string[]) {
    this.#parameters = parameters.length
    for (const name of parameters) this.#locals.set(name, this.#locals.size)
  }

  declare(type: ValueType, ...names: readonly string[]): void {
    for (const name of names) {
      if (this.#locals.has(name)) continue
      this.#locals.set(name, this.#parameters + this.#types.push(type) - 1)
    }
  }

  do(...names: readonly Plain[]): this {
    for (const name of names) this.bytes.push(...plain[name])
    return this
  }

  i32(value: number): this {
    this.bytes.push(0x41, ...signed(value))
    return this
  }

  i64(bytes: readonly number[]): this {
    const value = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
    this.bytes.push(0x42, ...signed(BigInt.asIntN(64, value)))
    return this
  }

  f64(value: number): this {
    this.bytes.push(0x44, ...new Uint8Array(new Float64Array([value]).buffer))
    return this
  }

  /** Sixteen bytes. */
  v128(bytes: readonly number[]): this {
    this.bytes.push(0xfd, 0x0c, ...bytes)
    return this
  }

  splat(byte: number): this {
    return this.v128(new Array<number>(16).fill(byte))
  }

  get(...names: readonly string[]): this {
    for (const name of names) this.bytes.push(0x20, ...unsigned(this.#local(name)))
    return this
  }

  set(name: string): this {
    this.bytes.push(0x21, ...unsigned(this.#local(name)))
    return this
  }

  tee(name: string): this {
    this.bytes.push(0x22, ...unsigned(this.#local(name)))
    return this
  }

  /** Loads or stores at a static offset from the address on the stack, without alignment. */
  memory(name: Access, offset: number): this {
    this.bytes.push(...access[name], 0, ...unsigned(offset))
    return this
  }

  call(index: number): this {
    this.bytes.push(0x10, ...unsigned(index))
    return this
  }

  block(label: string): this {
    return this.#open(0x02, label)
  }

  loop(label: string): this {
    return this.#open(0x03, label)
  }

  if(): this {
    return this.#open(0x04, '')
  }

  else(): this {
    return this.do('else')
  }

  end(): this {
    this.#labels.pop()
    return this.do('end')
  }

  br(label: string): this {
    this.bytes.push(0x0c, ...unsigned(this.#depth(label)))
    return this
  }

  brIf(label: string): this {
    this.bytes.push(0x0d, ...unsigned(this.#depth(label)))
    return this
  }

  /** The last label is that of all other values. */
  brTable(labels: readonly string[]): this {
    const depths = labels.map((label) => this.#depth(label))
    this.bytes.push(0x0e, ...unsigned(depths.length - 1), ...depths.flatMap(unsigned))
    return this
  }

  /** The function as the code section holds it. */
  encoded(): number[] {
    const locals = this.#types.flatMap((type) => [1, valueType[type]])
    const body = [...unsigned(this.#types.length), ...locals, ...this.bytes, 0x0b]
    return [...unsigned(body.length), ...body]
  }

  #open(code: number, label: string): this {
    this.#labels.push(label)
    this.bytes.push(code, 0x40)
    return this
  }

  #depth(label: string): number {
    const at = this.#labels.lastIndexOf(label)
    if (at < 0) throw new Error(`no label ${label}`)
    return this.#labels.length - 1 - at
  }

  #local(name: string): number {
    const index = this.#locals.get(name)
    if (index === undefined) throw new Error(`no local ${name}`)
    return index
  }
}

interface FunctionType {
  readonly parameters: number
  readonly result: ValueType | null
}

export interface ModuleParts {
  /** Imported as `env.learn`; its index is 0. */
  readonly learn: FunctionType
  readonly functions: readonly { readonly type: FunctionType; readonly code: FunctionCode }[]
  /** Index among all functions, exported as `scan`. */
  readonly scan: number
  /** Pages of 64 KiB that the imported memory `env.memory` has at least. */
  readonly pages: number
  /** Threads share that memory, which then stays as large as it is. */
  readonly shared?: boolean
}

/** A module with one imported function, one imported memory and one exported function. */
export function encodeModule({
  learn,
  functions,
  scan,
  pages,
  shared = false,
}: ModuleParts): Uint8Array<ArrayBuffer> {
  const types = [learn, ...functions.map(({ type }) => type)]
  const limits = shared
    ? [0x03, ...unsigned(pages), ...unsigned(pages)]
    : [0x00, ...unsigned(pages)]
  const imports = [
    [...text('env'), ...text('memory'), 0x02, ...limits],
    [...text('env'), ...text('learn'), 0x00, 0x00],
  ]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, types.map(encodedType)),
    ...section(2, imports),
    ...section(
      3,
      functions.map((_, index) => unsigned(index + 1)),
    ),
    ...section(7, [[...text('scan'), 0x00, ...unsigned(scan)]]),
    ...section(
      10,
      functions.map(({ code }) => code.encoded()),
    ),
  ])
}

/** Every parameter is an i32. */
function encodedType({ parameters, result }: FunctionType): number[] {
  const results = result === null ? [0] : [1, valueType[result]]
  return [0x60, parameters, ...new Array<number>(parameters).fill(valueType.i32), ...results]
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  const content = [...unsigned(items.length), ...items.flat()]
  return [id, ...unsigned(content.length), ...content]
}

function text(value: string): number[] {
  return [...unsigned(value.length), ...Buffer.from(value)]
}

function unsigned(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest]
    bytes.push((rest % 128) | 128)
  }
}

function signed(value: number | bigint): number[] {
  const bytes: number[] = []
  for (let rest = BigInt(value); ; rest >>= 7n) {
    const low = Number(rest & 127n)
    const isLast = rest >> 7n === (low >= 64 ? -1n : 0n)
    if (isLast) return [...bytes, low]
    bytes.push(low | 128)
  }
}

/** Searching bytes sixteen at a time. What is sought is a set of bytes, told by comparing with its
 *  ranges, or where there are many by two look-ups of half bytes: after Langdale and Lemire, "Parsing
 *  gigabytes of JSON per second", VLDB Journal 28 (2019), section 3.1.2. */
import { beyondAscii, type ByteSet } from './byte-set.ts'
import type { FunctionCode } from './wasm-encoder.ts'

/** Ranges up to which comparing is the faster. */
const comparedMax = 3
/** A search may load so many bytes before its first and after its last. */
export const scanPadding = 16

/** Where a search finds its bytes: position 0 of the text in memory. */
interface Text {
  readonly origin: number
}

/**
 * Moves a local on to the first bytes of sets, one after the other, at most to a limit.
 * Uses the locals `m` (i32) and `v` (v128). At or after the limit it moves back to it.
 */
export function scanOn(
  code: FunctionCode,
  { origin }: Text,
  local: string,
  sets: readonly ByteSet[],
  limit: () => void,
): void {
  code.block('found').loop('on')
  for (const [offset, set] of sets.entries()) {
    code.get(local).memory('v128.load', origin + offset)
    maskOf(code, set)
    if (offset > 0) code.do('i32.and')
  }
  code.tee('m').brIf('found')
  code.get(local).i32(16).do('i32.add').tee(local)
  limit()
  code.do('i32.lt_s').brIf('on')
  code.end().end()
  // Without a hit the mask is 0, and its count of zeros leads past the limit.
  code.get(local, 'm').do('i32.ctz', 'i32.add').tee(local)
  limit()
  code.get(local)
  limit()
  code.do('i32.lt_s', 'select').set(local)
}

/** Moves a local back to the last byte of `want` that a byte of `then` follows; below `low` if there
 *  is none. Uses `m` and `v`. */
export function scanBack(
  code: FunctionCode,
  { origin }: Text,
  local: string,
  want: ByteSet,
  then: ByteSet | null,
  low: () => void,
): void {
  code.block('found').loop('back')
  code.get(local)
  low()
  code.do('i32.lt_s').brIf('found')
  // The address is summed up before the load, as a position near 0 would wrap below it.
  code
    .get(local)
    .i32(origin - 15)
    .do('i32.add')
    .memory('v128.load', 0)
  maskOf(code, want)
  if (then !== null) {
    code
      .get(local)
      .i32(origin - 14)
      .do('i32.add')
      .memory('v128.load', 0)
    maskOf(code, then)
    code.do('i32.and')
  }
  code.tee('m').if()
  code.get(local).i32(16).do('i32.add').get('m').do('i32.clz', 'i32.sub').set(local)
  code.br('found').end()
  code.get(local).i32(16).do('i32.sub').set(local).br('back')
  code.end().end()
}

/** The vector on the stack → one bit for each byte that is in the set. */
function maskOf(code: FunctionCode, set: ByteSet): void {
  const [inside, outside] = [set.ranges, set.not().ranges]
  const inverted = outside.length < inside.length || (outside.length === inside.length && set.has(255)) // prettier-ignore
  const told = inverted ? set.not() : set
  const { ranges } = told
  if (ranges.length <= comparedMax || told.meets(beyondAscii)) compared(code, ranges)
  else lookedUp(code, told)
  code.do('i8x16.bitmask')
  if (inverted) code.i32(0xffff).do('i32.xor')
}

function compared(code: FunctionCode, ranges: ByteSet['ranges']): void {
  if (ranges.length === 0) {
    code.splat(0).do('v128.and')
    return
  }
  code.set('v')
  for (const [index, [low, high]] of ranges.entries()) {
    code.get('v')
    if (low === high) code.splat(low).do('i8x16.eq')
    else {
      if (low > 0) code.splat(low).do('i8x16.sub')
      code.splat(high - low).do('i8x16.le_u')
    }
    if (index > 0) code.do('v128.or')
  }
}

/** For sets of ASCII: a row of bits by the low half of a byte, one of which its high half picks. */
function lookedUp(code: FunctionCode, set: ByteSet): void {
  const rows = Array.from({ length: 16 }, (_, low) =>
    Array.from({ length: 8 }, (_, high) => (set.has(high * 16 + low) ? 1 << high : 0)).reduce(
      (sum, bit) => sum | bit,
    ),
  )
  const picks = Array.from({ length: 16 }, (_, high) => (high < 8 ? 1 << high : 0))
  code.set('v')
  code.v128(rows).get('v').splat(15).do('v128.and', 'i8x16.swizzle')
  code.v128(picks).get('v').i32(4).do('i8x16.shr_u', 'i8x16.swizzle')
  code.do('v128.and').splat(0).do('i8x16.eq')
  // Bytes equal to 0 are those outside; all bits of the vector are turned.
  code.splat(255).do('v128.xor')
}

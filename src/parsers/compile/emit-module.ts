/** The WebAssembly module of a parser: a loop over the lines of a text that asks the matchers in
 *  order, what reads numbers and times, and the matchers. */
import { emitForRow, emitMatcher } from './emit-wasm.ts'
import { kernelKind } from './kernel.ts'
import { MemoryMap, rowsMax, timeBlock } from './memory-map.ts'
import type { Plan } from './plan.ts'
import { verdict, type Program } from './program.ts'
import { scanOn } from './simd-scan.ts'
import { ByteSet } from './byte-set.ts'
import { lineColumn } from './layout.ts'
import { rememberedMax } from './times.ts'
import { encodeModule, FunctionCode, type ModuleParts } from './wasm-encoder.ts'

const LF = 10
const CR = 13
const MINUS = 45
const PLUS = 43
const POINT = 46

/** Indexes of functions; the first is the import, the matchers come last. */
const index = { learn: 0, int: 1, time: 2, decimal: 3, clear: 4, scan: 5, matchers: 6 } as const

export interface WasmModule {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly map: MemoryMap
}

/**
 * @param textBytes Text that fits into the memory at first.
 * @param shared Whether its memory is one that threads share.
 * @throws RangeError When the patterns are too large for a module.
 */
export function emitModule(plan: Plan, textBytes: number, shared = false): WasmModule {
  const map = new MemoryMap(plan.layout)
  const programs = [...plan.matchers, plan.continuation].filter((program) => program !== null)
  const { int, time, decimal } = index
  const reads = { int, time, float: decimal, seconds: decimal, microseconds: decimal }
  const matchers = programs.map((program) => emitMatcher(program, map, reads))
  const two = { parameters: 2, result: 'f64' } as const
  const functions: ModuleParts['functions'] = [
    { type: two, code: emitInt(map) },
    { type: two, code: emitTime(map) },
    { type: two, code: emitDecimal(map) },
    { type: { parameters: 1, result: null }, code: emitForRow(plan.clearing, map) },
    { type: { parameters: 2, result: 'i32' }, code: emitScan(plan, map, programs) },
    ...matchers.map((code) => ({ type: { parameters: 3, result: 'i32' } as const, code })),
  ]
  const pages = map.pagesFor(textBytes)
  return { bytes: encodeModule({ learn: two, functions, scan: index.scan, pages, shared }), map }
}

/** (start, end of the text) → rows. Leaves in memory where it stopped and how many are unsure. */
function emitScan(plan: Plan, map: MemoryMap, programs: readonly Program[]): FunctionCode {
  const code = new FunctionCode(['p', 'end'])
  code.declare('i32', 'row', 'unsure', 'newline', 'e', 'kind', 'm')
  code.declare('v128', 'v')
  code.block('done').loop('line')
  code.get('p', 'end').do('i32.ge_s').brIf('done')
  code.get('row').i32(rowsMax).do('i32.ge_s').brIf('done')
  code.get('p').set('newline')
  scanOn(code, map.text, 'newline', [ByteSet.of(LF)], () => code.get('end'))
  emitLineEnd(code, map)
  for (const [column, local] of [
    [lineColumn, 'p'],
    [lineColumn + 1, 'e'],
  ] as const) {
    code.get('row').i32(2).do('i32.shl').get(local).memory('i32.store', map.positions(column))
  }
  code.i32(kernelKind.unparsed).set('kind')
  emitAsk(code, plan, programs)
  code.get('kind').if()
  code.get('row').call(index.clear)
  code.get('unsure', 'kind').i32(kernelKind.unsure).do('i32.eq', 'i32.add').set('unsure')
  code.end()
  code.get('row', 'kind').memory('i32.store8', map.kind)
  code.get('newline').i32(1).do('i32.add').set('p')
  code.get('row').i32(1).do('i32.add').set('row').br('line')
  code.end().end()
  code.i32(0).get('p').memory('i32.store', map.next)
  code.i32(0).get('unsure').memory('i32.store', map.unsure)
  return code.get('row')
}

/** One CR before an LF is no part of the line. */
function emitLineEnd(code: FunctionCode, map: MemoryMap): void {
  code.get('newline').set('e')
  code.get('newline', 'end').do('i32.lt_s').if()
  code.get('newline', 'p').do('i32.gt_s').if()
  // The byte before the end: the offset of the load is one less, as the position is at least 1.
  code.get('e', 'e').memory('i32.load8_u', map.text.origin - 1)
  code.i32(CR).do('i32.eq', 'i32.sub').set('e')
  code.end().end()
}

/** Asks the continuation, then the patterns, until one does not say no. */
function emitAsk(code: FunctionCode, plan: Plan, programs: readonly Program[]): void {
  code.block('told')
  code.get('p', 'e').do('i32.eq').brIf('told')
  const asked = [
    ...(plan.continuation === null
      ? []
      : [{ program: plan.continuation, kind: kernelKind.continuation }]),
    ...plan.matchers.map((program) => ({ program, kind: kernelKind.event })),
  ]
  for (const { program, kind } of asked) {
    if (program === null) {
      code.i32(kernelKind.unsure).set('kind').br('told')
      break
    }
    code
      .get('p', 'e', 'row')
      .call(index.matchers + programs.indexOf(program))
      .tee('m')
      .if()
    code.i32(kind).i32(kernelKind.unsure).get('m').i32(verdict.yes).do('i32.eq', 'select')
    code.set('kind').br('told').end()
  }
  code.end()
}

/** As readInt: decimal digits with an optional sign, in doubles. */
function emitInt({ text }: MemoryMap): FunctionCode {
  const code = new FunctionCode(['p', 'e'])
  code.declare('i32', 'sign', 'digit')
  code.declare('f64', 'value')
  code.get('p', 'e').do('i32.ge_s').if().f64(-Infinity).do('return').end()
  code.get('p').memory('i32.load8_u', text.origin).tee('sign').i32(MINUS).do('i32.eq')
  code.get('sign').i32(PLUS).do('i32.eq', 'i32.or').if()
  code.get('p').i32(1).do('i32.add').set('p').end()
  code.get('p', 'e').do('i32.ge_s').if().f64(-Infinity).do('return').end()
  code.loop('digits')
  code.get('p').memory('i32.load8_u', text.origin).i32(48).do('i32.sub').tee('digit')
  code.i32(9).do('i32.gt_u').if().f64(-Infinity).do('return').end()
  code.get('value').f64(10).do('f64.mul').get('digit').do('f64.convert_i32_s', 'f64.add')
  code.set('value')
  code.get('p').i32(1).do('i32.add').tee('p').get('e').do('i32.lt_s').brIf('digits').end()
  code.get('value').f64(Number.MAX_SAFE_INTEGER).do('f64.le').if()
  // 0 is never negative, so that -0 does not come to be.
  code.get('sign').i32(MINUS).do('i32.eq').get('value').f64(0).do('f64.ne', 'i32.and').if()
  code.get('value').do('f64.neg', 'return').end()
  code.get('value').do('return').end()
  return code.f64(NaN)
}

/** As readFloat where all digits are one exact double: at most 15 of them, with a point or without.
 *  -Infinity for anything else. */
function emitDecimal({ text }: MemoryMap): FunctionCode {
  const code = new FunctionCode(['p', 'e'])
  code.declare('i32', 'digit', 'digits', 'from', 'point')
  code.declare('f64', 'value', 'scale')
  code.f64(1).set('scale')
  code.block('other').loop('digits')
  code.get('p', 'e').do('i32.lt_s').if()
  code.get('p').memory('i32.load8_u', text.origin).i32(48).do('i32.sub').tee('digit')
  code.i32(9).do('i32.le_u').if()
  code.get('value').f64(10).do('f64.mul').get('digit').do('f64.convert_i32_s', 'f64.add')
  code.set('value')
  code.get('point').if().get('scale').f64(10).do('f64.mul').set('scale').end()
  code.get('digits').i32(1).do('i32.add').set('digits')
  code.else()
  // One point, after a digit; what follows it is counted anew.
  code
    .get('digit')
    .i32(POINT - 48)
    .do('i32.ne')
    .brIf('other')
  code.get('point').brIf('other')
  code.get('digits').do('i32.eqz').brIf('other')
  code.get('digits').set('from').i32(1).set('point').end()
  code.get('p').i32(1).do('i32.add').set('p').br('digits').end().end()
  code.get('digits').i32(15).do('i32.gt_s').brIf('other')
  code.get('digits', 'from').do('i32.eq').brIf('other')
  code.get('value', 'scale').do('f64.div', 'return').end()
  return code.f64(-Infinity)
}

/** As `fromLast` of times.ts; else the import reads it and writes what is to be remembered. */
function emitTime(map: MemoryMap): FunctionCode {
  const code = new FunctionCode(['p', 'e'])
  code.declare('i32', 'tens', 'ones', 'value', 'clock', 'ms', 'digit', 'at', 'digits')
  const known = (offset: number, name: 'i32.load' | 'f64.load' = 'i32.load') =>
    code.i32(0).memory(name, map.time + offset)
  code.block('unknown')
  code.get('e', 'p').do('i32.sub')
  known(timeBlock.length)
  code.do('i32.ne').brIf('unknown')
  for (let part = 0; part < rememberedMax; part += 16) {
    code.get('p').memory('v128.load', map.text.origin + part)
    code
      .i32(0)
      .memory('v128.load', map.time + timeBlock.bytes + part)
      .do('v128.xor')
    code
      .i32(0)
      .memory('v128.load', map.time + timeBlock.same + part)
      .do('v128.and')
    if (part > 0) code.do('v128.or')
  }
  code.do('v128.any_true').brIf('unknown')
  emitTwoDigits(code, map, timeBlock.secondAt, 59)
  code.get('value').i32(1_000).do('i32.mul').set('clock')
  known(timeBlock.minuteAt)
  code.i32(0).do('i32.ge_s').if()
  emitTwoDigits(code, map, timeBlock.minuteAt, 59)
  code.get('clock', 'value').i32(60_000).do('i32.mul', 'i32.add').set('clock')
  emitTwoDigits(code, map, timeBlock.hourAt, 23)
  code.get('clock', 'value').i32(3_600_000).do('i32.mul', 'i32.add').set('clock')
  code.end()
  emitFraction(code, map)
  known(timeBlock.base, 'f64.load')
  code.get('clock', 'ms').do('i32.add', 'f64.convert_i32_s', 'f64.add', 'return')
  code.end()
  return code.get('p', 'e').call(index.learn)
}

/** Reads two digits at a remembered place into `value`; leaves for `unknown` when they are none. */
function emitTwoDigits(code: FunctionCode, map: MemoryMap, place: number, max: number): void {
  code
    .get('p')
    .i32(0)
    .memory('i32.load', map.time + place)
    .do('i32.add')
    .tee('at')
  code.memory('i32.load8_u', map.text.origin).i32(48).do('i32.sub').tee('tens')
  code.i32(9).do('i32.gt_u').brIf('unknown')
  code
    .get('at')
    .memory('i32.load8_u', map.text.origin + 1)
    .i32(48)
    .do('i32.sub')
    .tee('ones')
  code.i32(9).do('i32.gt_u').brIf('unknown')
  code.get('tens').i32(10).do('i32.mul').get('ones').do('i32.add').tee('value')
  code.i32(max).do('i32.gt_s').brIf('unknown')
}

/** The first three digits of a fraction → `ms`; the others must be digits. */
function emitFraction(code: FunctionCode, map: MemoryMap): void {
  code
    .i32(0)
    .memory('i32.load', map.time + timeBlock.fractionDigits)
    .tee('digits')
    .if()
  code
    .get('p')
    .i32(0)
    .memory('i32.load', map.time + timeBlock.fractionAt)
    .do('i32.add')
    .set('at')
  code.i32(0).set('ms').i32(0).set('value')
  code.loop('fraction')
  code.get('at').memory('i32.load8_u', map.text.origin).i32(48).do('i32.sub').tee('digit')
  code.i32(9).do('i32.gt_u').brIf('unknown')
  code.get('value').i32(3).do('i32.lt_s').if()
  code.get('ms').i32(10).do('i32.mul').get('digit').do('i32.add').set('ms').end()
  code.get('at').i32(1).do('i32.add').set('at')
  code.get('value').i32(1).do('i32.add').tee('value').get('digits').do('i32.lt_s')
  code.brIf('fraction').end().end()
}

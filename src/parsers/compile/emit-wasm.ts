/** A program → a WebAssembly function. The same nesting as in emit-js.ts: a later block is reached by
 *  leaving the blocks around the present one, an entry by one table at the top. Positions count from
 *  the start of the text, whose place in memory is a static offset of each load. */
import assert from 'node:assert'
import { durationFactor } from '../numbers.ts'
import type { ByteSet } from './byte-set.ts'
import type { MemoryMap } from './memory-map.ts'
import { verdict, type Condition, type Expression } from './program.ts'
import type { NumberKind, Program, Statement } from './program.ts'
import { scanBack, scanOn } from './simd-scan.ts'
import { FunctionCode } from './wasm-encoder.ts'

/** Indexes of the functions that matchers call: (start, end) → f64. -Infinity: no such number, or none
 *  that the function can tell; NaN: none that a double holds, or no time. */
export type ReadCalls = Readonly<Record<NumberKind, number>>

/** (start, end, row) → verdict. */
export function emitMatcher(program: Program, map: MemoryMap, reads: ReadCalls): FunctionCode {
  const code = new FunctionCode(['p', 'e', 'row'])
  code.declare('i32', 'pc', 'x', 'm', ...program.locals)
  code.declare('v128', 'v')
  code.declare('f64', 'f', 'floor')
  const emitter = new Emitter(code, map, reads)
  emitter.program(program)
  return code
}

/** (row): the given statements, which need no text. */
export function emitForRow(statements: readonly Statement[], map: MemoryMap): FunctionCode {
  const code = new FunctionCode(['row'])
  const emitter = new Emitter(code, map, null)
  for (const statement of statements) emitter.statement(statement)
  return code
}

/** Ranges up to which a byte is compared, not looked up. */
const comparedMax = 2

class Emitter {
  readonly #code: FunctionCode
  readonly #map: MemoryMap
  readonly #reads: ReadCalls | null

  constructor(code: FunctionCode, map: MemoryMap, reads: ReadCalls | null) {
    this.#code = code
    this.#map = map
    this.#reads = reads
  }

  program({ blocks, entries }: Program): void {
    const code = this.#code
    code.loop('dispatch')
    const last = blocks.length - 1
    for (let block = last; block > 0; block--) code.block(`b${block}`)
    if (entries.length > 1) {
      code.block('b0').get('pc')
      code.brTable([...entries.map((block) => `b${block}`), 'b0']).end()
    }
    for (const [index, block] of blocks.entries()) {
      if (index > 0) code.end()
      for (const statement of block) this.statement(statement)
    }
    code.do('unreachable').end().do('unreachable')
  }

  statement(statement: Statement): void {
    const code = this.#code
    switch (statement[0]) {
      case 'set':
        this.#value(statement[2])
        code.set(statement[1])
        return
      case 'if':
        return this.#if(statement[1], statement[2])
      case 'while':
        code.loop('while')
        this.#when(statement[1], () => {
          for (const inner of statement[2]) this.statement(inner)
          code.br('while')
        })
        code.end()
        return
      case 'goto':
        code.br(`b${statement[1]}`)
        return
      case 'enter':
        this.#value(statement[1])
        code.set('pc').br('dispatch')
        return
      case 'return':
        code.i32(statement[1]).do('return')
        return
      case 'scan': {
        const { local, stop, then, limit } = statement[1]
        return scanOn(code, this.#map.text, local, [stop, ...then], () => this.#value(limit))
      }
      case 'scan back': {
        const { local, want, then, low } = statement[1]
        return scanBack(code, this.#map.text, local, want, then, () => this.#value(low))
      }
      case 'store':
        code.get('row').i32(2).do('i32.shl')
        this.#value(statement[2])
        code.memory('i32.store', this.#map.positions(statement[1]))
        return
      case 'store nan':
        return this.#storeNumber(statement[1], () => code.f64(NaN))
      case 'store number':
        return this.#read(statement[1], statement[2], statement[3], statement[4])
    }
  }

  #if(condition: Condition, then: readonly Statement[]): void {
    const [only] = then
    if (only?.[0] === 'goto' && then.length === 1 && condition[0] !== 'and') {
      this.#condition(condition)
      this.#code.brIf(`b${only[1]}`)
      return
    }
    this.#when(condition, () => {
      for (const inner of then) this.statement(inner)
    })
  }

  /** The parts of a conjunction are asked one after the other, as one may guard the next. */
  #when(condition: Condition, then: () => void): void {
    const parts = condition[0] === 'and' ? condition[1] : [condition]
    for (const part of parts) {
      this.#condition(part)
      this.#code.if()
    }
    then()
    parts.forEach(() => this.#code.end())
  }

  #read(kind: NumberKind, column: number, start: string, end: string): void {
    const code = this.#code
    assert(this.#reads !== null, 'numbers are read by matchers only')
    code.f64(NaN).set('f')
    code.get(start).i32(0).do('i32.ge_s').if()
    code.get(start, end).call(this.#reads[kind]).tee('f')
    if (kind === 'time') code.get('f').do('f64.ne').if().i32(verdict.no)
    else
      code
        .f64(-Infinity)
        .do('f64.eq')
        .if()
        .i32(kind === 'int' ? verdict.no : verdict.unsure)
    code.do('return').end()
    if (kind === 'seconds' || kind === 'microseconds') this.#toMilliseconds(durationFactor[kind])
    code.end()
    this.#storeNumber(column, () => code.get('f'))
  }

  /** As readDuration: half a microsecond is rounded up. */
  #toMilliseconds(factor: number): void {
    const code = this.#code
    code.get('f').f64(factor).do('f64.mul').f64(1_000).do('f64.mul').tee('f')
    code.do('f64.floor').tee('floor')
    code.f64(1).f64(0).get('f', 'floor').do('f64.sub').f64(0.5).do('f64.ge', 'select', 'f64.add')
    code.f64(1_000).do('f64.div').set('f')
  }

  #storeNumber(column: number, value: () => void): void {
    this.#code.get('row').i32(3).do('i32.shl')
    value()
    this.#code.memory('f64.store', this.#map.numbers(column))
  }

  #value(expression: Expression): void {
    const code = this.#code
    if (typeof expression === 'number') code.i32(expression)
    else if (typeof expression === 'string') code.get(expression)
    else if (expression[0] === 'byte') this.#byte(expression[1])
    else {
      const [sign, a, b] = expression
      this.#value(a)
      this.#value(b)
      code.do(signs[sign])
    }
  }

  #byte(at: Expression): void {
    const { origin } = this.#map.text
    // A constant part is the load's own.
    const [base, offset] =
      typeof at === 'object' && at[0] === '+' && typeof at[2] === 'number'
        ? [at[1], at[2]]
        : [at, 0]
    this.#value(base)
    this.#code.memory('i32.load8_u', origin + offset)
  }

  #condition(condition: Condition): void {
    const code = this.#code
    switch (condition[0]) {
      case 'in':
        return this.#member(condition[1], condition[2])
      case 'not in':
        this.#member(condition[1], condition[2])
        code.do('i32.eqz')
        return
      case 'not text':
        return this.#notText(condition[1], condition[2], condition[3])
      case 'text':
        this.#notText(condition[1], condition[2], condition[3])
        code.do('i32.eqz')
        return
      case 'and':
        throw new Error('a conjunction stands in an if or a while only')
      case '=':
      case '!=':
      case '<':
      case '<=':
      case '>':
      case '>=':
        this.#value(condition[1])
        this.#value(condition[2])
        code.do(comparisons[condition[0]])
    }
  }

  #member(byte: Expression, set: ByteSet): void {
    const code = this.#code
    const { ranges } = set
    this.#value(byte)
    if (ranges.length > comparedMax) {
      code.memory('i32.load8_u', this.#map.table(set))
      return
    }
    if (ranges.length !== 1) code.set('x')
    if (ranges.length === 0) code.i32(0)
    for (const [index, [low, high]] of ranges.entries()) {
      if (ranges.length !== 1) code.get('x')
      if (low === high) code.i32(low).do('i32.eq')
      else
        code
          .i32(low)
          .do('i32.sub')
          .i32(high - low)
          .do('i32.le_u')
      if (index > 0) code.do('i32.or')
    }
  }

  #notText(local: string, offset: number, bytes: readonly number[]): void {
    const code = this.#code
    const at = this.#map.text.origin + offset
    for (let done = 0; done < bytes.length;) {
      const left = bytes.length - done
      const size = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1
      const part = bytes.slice(done, done + size)
      code.get(local).memory(loads[size], at + done)
      if (size === 8) code.i64(part).do('i64.ne')
      else code.i32(part.reduceRight((sum, byte) => (sum << 8) | byte, 0)).do('i32.ne')
      if (done > 0) code.do('i32.or')
      done += size
    }
  }
}

const loads = { 8: 'i64.load', 4: 'i32.load', 2: 'i32.load16_u', 1: 'i32.load8_u' } as const

const signs = { '+': 'i32.add', '-': 'i32.sub', '*': 'i32.mul', '>>': 'i32.shr_s' } as const

const comparisons = {
  '=': 'i32.eq',
  '!=': 'i32.ne',
  '<': 'i32.lt_s',
  '<=': 'i32.le_s',
  '>': 'i32.gt_s',
  '>=': 'i32.ge_s',
} as const

import { expect, test } from 'vitest'
import { encodeModule, FunctionCode } from '../../../src/parsers/compile/wasm-encoder.ts'

/** Runs (a, b) → i32 of a module made of the given code. */
function run(code: FunctionCode, a: number, b: number): number {
  const bytes = encodeModule({
    learn: { parameters: 2, result: 'f64' },
    functions: [{ type: { parameters: 2, result: 'i32' }, code }],
    scan: 1,
    pages: 1,
  })
  const memory = new WebAssembly.Memory({ initial: 1 })
  const env = { memory, learn: () => 0 }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env })
  return (exports['scan'] as (a: number, b: number) => number)(a, b)
}

test.each([0, 1, -1, 63, 64, -64, -65, 127, 128, 2 ** 31 - 1, -(2 ** 31), 123_456_789])(
  'the constant %i comes out as it went in',
  (value) => {
    expect(run(new FunctionCode(['a', 'b']).i32(value), 0, 0)).toBe(value)
  },
)

test('a label is found from inside other blocks', () => {
  const code = new FunctionCode(['a', 'b'])
  code.declare('i32', 'sum')
  code.block('done').loop('more')
  code.get('a', 'b').do('i32.ge_s').if().br('done').end()
  code.get('sum', 'a').do('i32.add').set('sum')
  code.get('a').i32(1).do('i32.add').set('a').br('more').end().end()
  expect(run(code.get('sum'), 1, 5)).toBe(10)
})

test('a table leads to one label of many', () => {
  const code = new FunctionCode(['a', 'b'])
  code.block('other').block('one').block('zero')
  code.get('a').brTable(['zero', 'one', 'other']).end()
  code.i32(10).do('return').end()
  code.i32(11).do('return').end()
  code.i32(12)
  expect([0, 1, 2, 99].map((value) => run(code, value, 0))).toEqual([10, 11, 12, 12])
})

test('eight bytes are compared as they lie in memory', () => {
  const code = new FunctionCode(['a', 'b'])
  code.i32(0).i32(0x04030201).memory('i32.store', 300)
  code.i32(0).memory('i64.load', 300).i64([1, 2, 3, 4, 0, 0, 0, 0]).do('i64.eq')
  expect(run(code, 0, 0)).toBe(1)
})

test('a mistake in code that is written here is said by name', () => {
  const code = new FunctionCode(['a'])
  expect(() => code.get('b')).toThrow('no local b')
  expect(() => code.br('nowhere')).toThrow('no label nowhere')
})

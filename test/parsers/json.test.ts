import { describe, expect, test } from 'vitest'
import { rowKind } from '../../src/model/columns.ts'
import { rowFields } from '../../src/parsers/fields.ts'
import { jsonParser } from '../../src/parsers/json.ts'

const context = { zone: 'Europe/Berlin', open: false }

function parse(...lines: unknown[]) {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
  return jsonParser('json').parse(Buffer.from(text.join('\n')), context)
}

const fieldsOf = (line: unknown) => ({ ...rowFields(parse(line), 0) })
const timeOf = (line: unknown) => {
  const time = parse(line).time[0] ?? NaN
  return Number.isNaN(time) ? null : new Date(time).toISOString()
}

describe('JSON lines', () => {
  test.each([
    [{ 'log.level': 'WARNING' }, { level: 'warn' }],
    [{ log: { level: 'critical' } }, { level: 'crit' }],
    [{ lvl: 50 }, { level: 'error' }],
    [{ msg: 'a' }, { message: 'a' }],
    [
      { http: { response: { status_code: 502 }, request: { method: 'GET' } } },
      { status: 502, method: 'GET' },
    ],
    [{ url: { path: '/a', query: 'b=c' } }, { path: '/a', query: 'b=c' }],
    [
      { service: 'shop', environment: 'test' },
      { service: 'shop', env: 'test' },
    ],
    [{ service: { name: 'shop', environment: 'test' } }, { service: 'shop', env: 'test' }],
    [{ error: { type: 'E', stack_trace: 's' } }, { exception: 'E', stack: 's' }],
  ])('%j has the fields %j', (line, fields) => {
    expect(fieldsOf(line)).toEqual(fields)
  })

  test('the best name of a field wins; the others stay under their own', () => {
    expect(fieldsOf({ msg: 'b', message: 'a', log: 'c' })).toEqual({
      message: 'a',
      msg: 'b',
      log: 'c',
    })
  })

  test('of one name given twice the last counts', () => {
    expect(fieldsOf('{"msg":"a","msg":"b","x":1,"x":2}')).toEqual({ message: 'b', x: 2 })
  })

  test('a level that nobody knows gives way to one that is known, and is kept under its name', () => {
    expect(fieldsOf({ level: 35, severity: 'error' })).toEqual({ level: 'error' })
    expect(fieldsOf({ severity: 'odd' })).toEqual({ severity: 'odd' })
  })

  test.each([
    [{ time: '2026-11-23T14:02:11Z' }, '2026-11-23T14:02:11.000Z'],
    [{ time: '2026-11-23 14:02:11' }, '2026-11-23T13:02:11.000Z'],
    [{ ts: 1795442531.25 }, '2026-11-23T14:02:11.250Z'],
    [{ time: 1795442531123 }, '2026-11-23T14:02:11.123Z'],
    [{ timestamp: '1795442531' }, '2026-11-23T14:02:11.000Z'],
    [{ time: 'soon', '@timestamp': '2026-11-23T14:02:11Z' }, '2026-11-23T14:02:11.000Z'],
    [{ '@timestamp': 'soon', time: '2026-11-23T14:02:11Z' }, '2026-11-23T14:02:11.000Z'],
    [{ message: 'x' }, null],
  ])('%j has the time %j', (line, time) => {
    expect(timeOf(line)).toBe(time)
  })

  test('a line whose times cannot be read is unparsed', () => {
    const columns = parse({ time: 'soon', msg: 'x' })
    expect(columns.kind[0]).toBe(rowKind.unparsed)
    expect(columns.unparsed(0)).toEqual({ reason: 'bad time', column: 1 })
    expect([...columns.fields.keys()]).toEqual([])
  })

  test('a line that is no object is unparsed with the character of its fault', () => {
    expect(parse('{"é😀":}').unparsed(0)).toEqual({ reason: 'a value is expected', column: 7 })
    expect(parse('', '[]').unparsed(0)).toEqual({ reason: 'empty line', column: 1 })
  })

  test('names of prototypes are data', () => {
    const fields = rowFields(parse('{"__proto__":{"polluted":1},"constructor":2,"__proto__":3}'), 0)
    expect(Object.entries(fields)).toEqual([
      ['__proto__.polluted', 1],
      ['constructor', 2],
      ['__proto__', 3],
    ])
    expect(({} as Record<string, unknown>)['polluted']).toBe(undefined)
  })

  test('a batch has at most 256 fields of others, and always room for ours', () => {
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`k${n}`, n]))
    const columns = parse(many, { level: 'error', k299: 1, k0: 2 })
    expect(columns.fields.size).toBe(257)
    expect(rowFields(columns, 1)).toEqual({ level: 'error', k0: 2 })
  })

  test('a field seen late in a long batch takes no room for the lines before it', () => {
    const columns = parse(...Array.from({ length: 50_000 }, () => '{}'), '{"late":1}')
    expect(columns.fields.get('late')?.number(50_000)).toBe(1)
    expect(columns.fields.get('late')?.has(0)).toBe(false)
  })
})

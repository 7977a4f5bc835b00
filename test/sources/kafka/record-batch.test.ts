import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crc32c } from '../../../src/sources/kafka/crc32c.ts'
import { decodeBatches } from '../../../src/sources/kafka/record-batch.ts'

interface Given {
  readonly base: number
  readonly values: readonly (string | null)[]
  readonly headers?: readonly (readonly [string, string])[]
  readonly compression?: number
  readonly attributes?: number
  /** Offset of the last record that the batch once had. */
  readonly last?: number
  /** Instead of the records. */
  readonly body?: Buffer
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value >= 0 ? value * 2 : -value * 2 - 1
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  return Buffer.from([...bytes, rest])
}

const part = (text: string | null) =>
  text === null ? varint(-1) : Buffer.concat([varint(Buffer.byteLength(text)), Buffer.from(text)])

function recordOf(value: string | null, delta: number, headers: Given['headers'] = []): Buffer {
  const inner = Buffer.concat([
    Buffer.from([0]),
    varint(delta * 10),
    varint(delta),
    part(`key ${delta}`),
    part(value),
    varint(headers.length),
    ...headers.flatMap(([name, text]) => [part(name), part(text)]),
  ])
  return Buffer.concat([varint(inner.length), inner])
}

/** A batch as a broker keeps it. */
function batch({
  base,
  values,
  headers,
  compression = 0,
  attributes = 0,
  last,
  body,
}: Given): Buffer {
  // prettier-ignore
  const records = Buffer.concat(values.map((value, i) => recordOf(value, i, headers)))
  const packed = body ?? (compression === 1 ? gzipSync(records) : records)
  const head = Buffer.alloc(61)
  head.writeBigInt64BE(BigInt(base), 0)
  head.writeInt32BE(49 + packed.length, 8)
  head[16] = 2
  head.writeInt16BE(compression | attributes, 21)
  head.writeInt32BE((last ?? base + values.length - 1) - base, 23)
  head.writeBigInt64BE(1_000n, 27)
  head.writeBigInt64BE(9_000n, 35)
  head.writeBigInt64BE(-1n, 43)
  head.writeInt32BE(values.length, 57)
  const whole = Buffer.concat([head, packed])
  whole.writeUInt32BE(crc32c(whole.subarray(21)), 17)
  return whole
}

async function read(bytes: Buffer, from = 0, bytesMax = 1_000_000) {
  const { messages } = await decodeBatches(bytes, from, bytesMax)
  return messages.map((each) => {
    if (each.undecodable !== undefined) return [each.offset, each.undecodable] as const
    return [
      each.offset,
      each.isControlRecord ? 'control' : (each.value?.toString() ?? null),
    ] as const
  })
}

describe('record batches', () => {
  test('become messages with offsets, times, keys and headers', async () => {
    const headers = [['a', 'x'], ['__proto__', 'y'], ['a', 'z']] as const // prettier-ignore
    const { messages } = await decodeBatches(
      batch({ base: 7, values: ['v', null], headers }),
      0,
      1e6,
    )
    expect(messages.map(({ offset, timestamp }) => [offset, timestamp])).toEqual([['7', '1000'], ['8', '1010']]) // prettier-ignore
    expect(messages.map(({ key, value }) => [key?.toString(), value?.toString()])).toEqual([['key 0', 'v'], ['key 1', undefined]]) // prettier-ignore
    expect(Object.entries(messages[0]?.headers ?? {}).map(([name, value]) => [name, String(value)])).toEqual([['a', 'x,z'], ['__proto__', 'y']]) // prettier-ignore
    const appended = await decodeBatches(batch({ base: 7, values: ['v'], attributes: 8 }), 0, 1e6)
    expect(appended.messages[0]?.timestamp).toBe('9000')
  })

  test('begin at the offset that was asked for, and may be cut off at the end', async () => {
    const two = [batch({ base: 0, values: ['a', 'b'] }), batch({ base: 2, values: ['c', 'd'] })]
    expect(await read(Buffer.concat(two), 1)).toEqual([['1', 'b'], ['2', 'c'], ['3', 'd']]) // prettier-ignore
    expect(await read(Buffer.concat(two).subarray(0, -1), 1)).toEqual([['1', 'b']])
    expect(await read(Buffer.alloc(0))).toEqual([])
  })

  test('that cannot be unpacked or read become one message that says why', async () => {
    const bytes = Buffer.concat([
      batch({ base: 0, values: ['a'] }),
      batch({ base: 1, values: ['b', 'c'], compression: 1, body: Buffer.from('no gzip') }),
      batch({ base: 3, values: ['d', 'e'], body: recordOf('d', 0) }),
      batch({ base: 5, values: ['f'], compression: 6 }),
      batch({ base: 6, values: ['g'] }),
    ])
    expect(await read(bytes)).toEqual([
      ['0', 'a'],
      ['2', { from: 1, to: 2, reason: 'gzip cannot be unpacked: incorrect header check' }],
      ['4', { from: 3, to: 4, reason: 'the records end too early' }],
      ['5', { from: 5, to: 5, reason: 'the compression 6 is not known' }],
      ['6', 'g'],
    ])
  })

  test('with one wrong bit are known by their checksum', async () => {
    const bytes = batch({ base: 0, values: ['a', 'b'] })
    bytes[80] = (bytes[80] ?? 0) ^ 1
    expect(await read(bytes)).toEqual([['1', { from: 0, to: 1, reason: 'the checksum is wrong' }]])
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
  })

  test('whose last records compaction has removed are passed by a control record', async () => {
    const bytes = batch({ base: 0, values: ['a'], last: 4 })
    expect(await read(bytes)).toEqual([['0', 'a'], ['4', 'control']]) // prettier-ignore
    expect(await read(bytes, 1)).toEqual([['4', 'control']])
  })

  test('are handed over in parts of 50,000 records', async () => {
    const bytes = batch({ base: 0, values: new Array<string>(120_000).fill('x'), compression: 1 })
    const sizes: number[] = []
    for (let from = 0; from < 120_000;) {
      const { messages } = await decodeBatches(bytes, from, 1e6)
      sizes.push(messages.length)
      from = Number(messages.at(-1)?.offset) + 1
    }
    expect(sizes).toEqual([50_000, 50_000, 20_000])
  })

  test('are not begun once the budget is spent, except for the first', async () => {
    const large = batch({ base: 0, values: ['x'.repeat(1_000)] })
    const bytes = Buffer.concat([large, batch({ base: 1, values: ['y'] })])
    expect(await read(bytes, 0, 500)).toHaveLength(1)
    expect(await read(bytes, 1, 500)).toEqual([['1', 'y']])
  })

  test('of any bytes are messages or a reason, and never more than that', async () => {
    const any = fc.uint8Array({ maxLength: 200 })
    await fc.assert(
      fc.asyncProperty(any, fc.nat(4), async (body, compression) => {
        const bytes = batch({ base: 5, values: ['a', 'b'], compression, body: Buffer.from(body) })
        const { messages } = await decodeBatches(bytes, 0, 1e6)
        expect(messages.at(-1)?.offset).toBe('6')
      }),
    )
  })
})

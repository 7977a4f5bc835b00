import { compress as lz4 } from 'lz4js'
import { compress as snappy } from 'snappyjs'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { unpackRecords } from '../../../src/sources/kafka/codecs.ts'

const content = Buffer.from('all work and no play '.repeat(500))

/** As Java writes it: a head, and blocks with their lengths. */
function snappyStream(...blocks: Buffer[]): Buffer {
  const head = Buffer.from('82534e41505059000000000100000001', 'hex')
  const packed = blocks.flatMap((block) => {
    const bytes = snappy(block)
    const length = Buffer.alloc(4)
    length.writeInt32BE(bytes.length)
    return [length, bytes]
  })
  return Buffer.concat([head, ...packed])
}

/** A frame of blocks that each repeat `x`; no library here writes Zstandard.
 *  @param window Descriptor of its history: 0 is 1 KiB, 0x58 is 2 MiB. */
function zstd(repeats: readonly number[], window = 0x58): Buffer {
  const blocks = repeats.map((count, i) => {
    const block = Buffer.from([0, 0, 0, 0x78])
    block.writeUIntLE((count << 3) | 2 | Number(i === repeats.length - 1), 0, 3)
    return block
  })
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, window]), ...blocks])
}

const packed = {
  gzip: [1, gzipSync(content), content],
  snappy: [2, Buffer.from(snappy(content)), content],
  'a stream of snappy': [2, snappyStream(content.subarray(0, 100), content.subarray(100)), content],
  lz4: [3, Buffer.from(lz4(content)), content],
  zstd: [4, Buffer.concat([zstd([10_000]), zstd([400, 100])]), Buffer.alloc(10_500, 'x')],
} as const

describe.each(Object.entries(packed))('%s', (_, [compression, bytes, expected]) => {
  test('is unpacked up to its bound and no further', async () => {
    const { length } = expected
    expect((await unpackRecords(compression, bytes, 3_000_000)).equals(expected)).toBe(true)
    if (compression !== 4) expect(await unpackRecords(compression, bytes, length)).toHaveLength(length) // prettier-ignore
    await expect(unpackRecords(compression, bytes, length - 1)).rejects.toThrow(
      'cannot be unpacked',
    )
  })

  test('that is cut off or something else is an error, or other bytes', async () => {
    for (const cut of [1, 7, 20]) {
      const part = bytes.subarray(0, cut)
      const rest = await unpackRecords(compression, part, 3_000_000).catch(() => null)
      expect(rest === null || !rest.equals(expected)).toBe(true)
    }
    await expect(unpackRecords(compression, Buffer.from('no such thing'))).rejects.toThrow('cannot be unpacked') // prettier-ignore
  })
})

test('a frame of zstd that asks for two gigabytes of history gets none', async () => {
  await expect(unpackRecords(4, zstd([10], 0xa8))).rejects.toThrow('larger than 67108864 bytes')
  const second = Buffer.concat([zstd([10]), zstd([10], 0xa8)])
  await expect(unpackRecords(4, second)).rejects.toThrow('larger than 67108864 bytes')
})

test('three bytes that stand for 128 KiB each stay within the bound', async () => {
  const bomb = zstd(new Array<number>(600).fill(131_072))
  await expect(unpackRecords(4, bomb)).rejects.toThrow('larger than 67108864 bytes')
})

test('a compression that nobody knows is named', async () => {
  await expect(unpackRecords(5, content)).rejects.toThrow('the compression 5 is not known')
})

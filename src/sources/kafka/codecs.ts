/** Compressions with a bound: a few KiB may ask for as much memory as they like, and the client's own
 *  gzip would give it to them. What a batch that cannot be unpacked means is record-batch.ts's.
 *  Libraries without native parts: a machine that cannot build anything reads every topic. */
import * as fzstd from 'fzstd'
import * as lz4js from 'lz4js'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import * as snappyjs from 'snappyjs'
import { checkZstd } from './zstd.ts'

/** Bytes that one batch of messages may unpack to. */
export const unpackedBytesMax = 67_108_864

/** A block of LZ4 unpacks to at most so many times its length. */
const lz4RatioMax = 255

const unpackGzip = promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip)

/** Unpacks a whole. @throws Error when it is broken, or longer than `bytesMax`. */
type Unpack = (packed: Buffer, bytesMax: number) => Promise<Buffer>

/** By the number that a batch names its compression by. */
const unpackers: Readonly<Record<number, { readonly name: string; readonly unpack: Unpack }>> = {
  1: {
    name: 'gzip',
    unpack: (packed, bytesMax) => unpackGzip(packed, { maxOutputLength: bytesMax }),
  },
  2: { name: 'snappy', unpack: async (packed, bytesMax) => unpackSnappy(packed, bytesMax) },
  3: { name: 'lz4', unpack: async (packed, bytesMax) => unpackLz4(packed, bytesMax) },
  4: { name: 'zstd', unpack: async (packed, bytesMax) => unpackZstd(packed, bytesMax) },
}

/**
 * Unpacks the records of a batch.
 * @param compression 0 none, 1 gzip, 2 Snappy, 3 LZ4, 4 Zstandard.
 * @throws Error that names the compression when it is unknown, broken, or unpacks to too much.
 */
export async function unpackRecords(
  compression: number,
  packed: Buffer,
  bytesMax = unpackedBytesMax,
): Promise<Buffer> {
  if (compression === 0) return packed
  const codec = unpackers[compression]
  if (codec === undefined) throw new Error(`the compression ${compression} is not known`)
  try {
    return await codec.unpack(packed, bytesMax)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new Error(`${codec.name} cannot be unpacked: ${message}`, { cause: error })
  }
}

/** Begins the stream of blocks that Java's Snappy writes; others write one block without it. */
const snappyStream = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
/** The same and two versions. */
const snappyHeadBytes = 16

function unpackSnappy(packed: Buffer, bytesMax: number): Buffer {
  const isStream = packed.subarray(0, snappyStream.length).equals(snappyStream)
  if (!isStream) return Buffer.from(snappyjs.uncompress(packed, bytesMax))
  const blocks: Uint8Array[] = []
  let room = bytesMax
  for (let at = snappyHeadBytes; at < packed.length;) {
    const end = at + 4 + packed.readInt32BE(at)
    if (end <= at || end > packed.length) throw new Error('a block is longer than the whole')
    const block = snappyjs.uncompress(packed.subarray(at + 4, end), room)
    room -= block.length
    blocks.push(block)
    at = end
  }
  return Buffer.concat(blocks)
}

function unpackLz4(packed: Buffer, bytesMax: number): Buffer {
  // What lies beyond the end of a typed array is written to nowhere.
  const into = new Uint8Array(Math.min(bytesMax, packed.length * lz4RatioMax))
  const length = lz4js.decompressFrame(packed, into)
  if (length > into.length) throw new Error(`it is larger than ${bytesMax} bytes`)
  return Buffer.from(into.subarray(0, length))
}

function unpackZstd(packed: Buffer, bytesMax: number): Buffer {
  checkZstd(packed, bytesMax)
  const parts: Uint8Array[] = []
  let length = 0
  const stream = new fzstd.Decompress((part) => {
    length += part.length
    if (length > bytesMax) throw new Error(`it is larger than ${bytesMax} bytes`)
    parts.push(part.slice())
  })
  stream.push(packed, true)
  return Buffer.concat(parts)
}

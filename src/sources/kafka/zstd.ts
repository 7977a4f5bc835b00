/** Looks at the frames of a Zstandard stream before anything is unpacked: the library makes room for
 *  as much history as a frame asks for, which may be two gigabytes. Format: RFC 8878, section 3.1.1. */

const magic = 0xfd2fb528
const skippableMagic = 0x184d2a50
const blockHeadBytes = 3

/**
 * Walks from frame to frame by the lengths of their blocks.
 * @param bytesMax Longest history of a frame, and longest content that one announces.
 * @throws Error when a frame asks for more, or the stream ends in the middle of one.
 */
export function checkZstd(packed: Buffer, bytesMax: number): void {
  for (let at = 0; at < packed.length;) {
    if (packed.length < at + 8) throw new Error('it ends within a frame')
    const found = packed.readUInt32LE(at)
    if ((found & 0xfffffff0) >>> 0 === skippableMagic) at += 8 + packed.readUInt32LE(at + 4)
    else if (found === magic) at = frameEnd(packed, at, bytesMax)
    else throw new Error('it is no Zstandard')
    if (at > packed.length) throw new Error('it ends within a frame')
  }
}

function frameEnd(packed: Buffer, start: number, bytesMax: number): number {
  const flags = packed[start + 4] ?? 0
  const isSingle = (flags & 0x20) !== 0
  const sizeFlag = flags >> 6
  let at = start + 5
  let history = 0
  if (!isSingle) {
    const window = packed[at] ?? 0
    const base = 2 ** (10 + (window >> 3))
    history = base + (base / 8) * (window & 7)
    at += 1
  }
  at += [0, 1, 2, 4][flags & 3] ?? 0
  const sizeBytes = sizeFlag === 0 ? Number(isSingle) : 2 ** sizeFlag
  if (packed.length < at + sizeBytes) throw new Error('it ends within a frame')
  const size = littleEndian(packed, at, sizeBytes) + (sizeFlag === 1 ? 256 : 0)
  if (Math.max(history, size) > bytesMax) throw new Error(`it is larger than ${bytesMax} bytes`)
  at += sizeBytes
  for (let isLast = false; !isLast;) {
    if (packed.length < at + blockHeadBytes) throw new Error('it ends within a frame')
    const head = packed.readUIntLE(at, blockHeadBytes)
    isLast = (head & 1) !== 0
    // A repeated byte is written once.
    const isRepeated = ((head >> 1) & 3) === 1
    at += blockHeadBytes + (isRepeated ? 1 : head >> 3)
  }
  const hasChecksum = (flags & 0x04) !== 0
  return at + (hasChecksum ? 4 : 0)
}

function littleEndian(packed: Buffer, at: number, bytes: number): number {
  if (bytes === 0) return 0
  return bytes === 8 ? Number(packed.readBigUInt64LE(at)) : packed.readUIntLE(at, bytes)
}

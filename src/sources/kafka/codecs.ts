/** Gzip with a bound: the client's own would unpack a few KiB into as much memory as they ask for.
 *  A batch beyond it stays unread, and the source says so again and again: it cannot be passed
 *  without unpacking it, and to lose lines silently would be worse. */
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'

/** Bytes that one batch of messages may unpack to. */
export const unpackedBytesMax = 134_217_728

const pack = promisify(gzip)
const unpack = promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip)

/** An entry of the client's table of codecs. */
interface Codec {
  compress(encoder: { readonly buffer: Buffer }): Promise<Buffer>
  decompress(buffer: Buffer): Promise<Buffer>
}

/** @returns What makes the codec, as the client wants it. */
export function boundedGzip(maxOutputLength = unpackedBytesMax): () => Codec {
  return () => ({
    compress: ({ buffer }) => pack(buffer),
    decompress: (buffer) => unpack(buffer, { maxOutputLength }),
  })
}

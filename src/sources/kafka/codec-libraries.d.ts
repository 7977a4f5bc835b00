/** The parts of lz4js and snappyjs that lastpush uses; the libraries bring no types of their own. */
declare module 'lz4js' {
  /** Unpacks a frame into `into` as far as that reaches. @returns How long the whole would be. */
  export function decompressFrame(packed: Uint8Array, into: Uint8Array): number
  export function compress(bytes: Uint8Array): Uint8Array
}

declare module 'snappyjs' {
  /** @throws Error when it is no Snappy, or unpacks to more than `bytesMax`. */
  export function uncompress(packed: Uint8Array, bytesMax?: number): Uint8Array
  export function compress(bytes: Uint8Array): Uint8Array
}

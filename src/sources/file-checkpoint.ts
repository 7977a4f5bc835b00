/** What a file partition remembers between two reads and between two runs: which file, how far, and
 *  hashes that tell whether it is still the same content. Reading is left to file-reader.ts.
 *  Device and inode alone are no identity: file systems give the inode of a deleted file to the next
 *  one at once, and `copytruncate` keeps it over a new content. So creation time and hashes of the
 *  head and of the bytes before the offset decide with it; each alone has a known loss. */
import { createHash } from 'node:crypto'
import type { BigIntStats } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { z } from 'zod'

/** Bytes at the beginning of a file that its identity rests on. */
export const headBytesMax = 1_024
/** Bytes before an offset that a mark hashes. */
export const markBytesMax = 64
/** Marks kept of one file, so that a shrunk file can be told from a rewritten one. */
const marksMax = 8
/** Files read to their end that a partition remembers, so that a glob does not count them again. */
const finishedMax = 32
/** Offset from which equal bytes prove equal files; shorter logs repeat each other by chance. */
export const evidenceBytesMin = 1_024
/** File systems stamp with the time of the last kernel tick, so a file may seem older than it is. */
export const fileTimeCoarseMs = 100

const offset = z.int().nonnegative()
const headSchema = z.object({ bytes: offset, hash: z.string() })
const finishedSchema = z.object({ id: z.string(), bytes: offset, head: headSchema })
const positionSchema = z.object({
  /** Device, inode and creation time in ns, decimal: they may exceed 2^53. '0': no creation time. */
  dev: z.string(),
  ino: z.string(),
  birth: z.string(),
  /** Real path at the time of opening: where to look first when a link has moved. */
  file: z.string(),
  /** Bytes of this file that are done. */
  offset,
  /** Offset at which the last line before it begins; absent where that is not known. */
  lastLine: offset.optional(),
  /** Position of the partition at offset 0 of this file. */
  base: offset,
  head: headSchema,
  /** Offsets, ascending, with the hash of the at most 64 bytes before each; the last is `offset`. */
  marks: z.array(z.tuple([offset, z.string()])),
  finished: z.array(finishedSchema),
  /** Wall time of the read, ms: files born later have appeared while nobody looked. */
  atMs: z.number(),
  /** Wall time at which the file was last seen at the followed path, ms. */
  hereMs: z.number(),
})

/** Position in a partition, JSON-safe; the checkpoint of file batches. */
export type FilePosition = z.infer<typeof positionSchema>
/** A file that was read to its end: `bytes` of it are counted. */
export type FinishedFile = z.infer<typeof finishedSchema>
export type Head = z.infer<typeof headSchema>

/** A stored checkpoint; null when another version or kind has written it. */
export function readPosition(checkpoint: unknown): FilePosition | null {
  return positionSchema.safeParse(checkpoint).data ?? null
}

/** Key of a file: device, inode and, where the file system keeps it, creation time. */
export function fileId(file: FilePosition | BigIntStats): string {
  const birth = 'birth' in file ? file.birth : file.birthtimeNs
  return `${file.dev}:${file.ino}:${birth}`
}

/** True when a file may have taken the path after the one of the position had left it: it was
 *  created since then. So neither older rotations nor copies of the file itself are meant.
 *  Without creation times, the time of the last write has to do. */
export function bornAfter(stat: BigIntStats, position: FilePosition): boolean {
  const known = stat.birthtimeNs > 0n && position.birth !== '0'
  if (known && stat.birthtimeNs < BigInt(position.birth)) return false
  const bornMs = Number(known ? stat.birthtimeMs : stat.mtimeMs)
  return bornMs >= position.hereMs - fileTimeCoarseMs
}

/** The head of an empty file. */
export const noHead: Head = { bytes: 0, hash: hashBytes(Buffer.alloc(0)) }

/** Hash for comparing content, 16 hex digits of SHA-256. */
export function hashBytes(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16)
}

/** Adds the mark of a new offset; beyond the bound the mark with the closest neighbours goes. The
 *  newest two stay: the end, and where the last line began. */
export function addMark(marks: FilePosition['marks'], at: number, hash: string) {
  const all = [...marks.filter(([offset]) => offset < at), [at, hash] as [number, string]]
  if (all.length <= marksMax) return all
  let closest = 0
  let width = Infinity
  for (let i = 0; i < all.length - 2; i++) {
    const between = (all[i + 1]?.[0] ?? 0) - (all[i - 1]?.[0] ?? 0)
    if (between < width) [closest, width] = [i, between]
  }
  return all.toSpliced(closest, 1)
}

/** Remembers that a file is done, newest last. */
export function addFinished(position: FilePosition): FinishedFile[] {
  const id = fileId(position)
  const others = position.finished.filter((file) => file.id !== id)
  return [...others, { id, bytes: position.offset, head: position.head }].slice(-finishedMax)
}

/** True when the file of the position was read to its end and left. */
export function isFinished(position: FilePosition): boolean {
  const id = fileId(position)
  return position.finished.some((file) => file.id === id && file.bytes === position.offset)
}

/** Bytes [from, from + length) of a file, fewer at its end. */
export async function readAt(handle: FileHandle, from: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length)
  const { bytesRead } = await handle.read(bytes, 0, length, from)
  return bytes.subarray(0, bytesRead)
}

/** The at most 64 bytes before an offset, which a mark hashes. */
export async function bytesBefore(handle: FileHandle, offset: number): Promise<Buffer> {
  const from = Math.max(0, offset - markBytesMax)
  return readAt(handle, from, offset - from)
}

/** True when the file still begins as it did. */
export async function sameHead(handle: FileHandle, head: Head): Promise<boolean> {
  const bytes = await readAt(handle, 0, head.bytes)
  return bytes.length === head.bytes && hashBytes(bytes) === head.hash
}

/** Where a file of this size goes on that holds what was read, its end perhaps cut off: what is left
 *  or has come of the last line is not the line that was counted. */
export function resumeOffset({ offset, lastLine }: FilePosition, size: number): number {
  return size >= offset ? offset : Math.min(size, lastLine ?? size)
}

/**
 * Whether an open file still holds what was read of it.
 * @returns `same`: go on at the offset. `shrunk`: its end was cut off, all that is left was read.
 *   `other`: a different content, to be read from its beginning.
 */
export async function judge(
  handle: FileHandle,
  size: number,
  position: FilePosition,
): Promise<'same' | 'shrunk' | 'other'> {
  if (position.head.bytes > size || !(await sameHead(handle, position.head))) return 'other'
  const mark = position.marks.findLast(([at]) => at <= size)
  if (mark === undefined) return position.offset === 0 ? 'same' : 'other'
  const [at, hash] = mark
  if (hashBytes(await bytesBefore(handle, at)) !== hash) return 'other'
  if (size >= position.offset) return 'same'
  return at >= evidenceBytesMin ? 'shrunk' : 'other'
}

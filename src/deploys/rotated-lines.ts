/** The lines of a deploy log that rotations have put aside, oldest first: deploys of the recent past,
 *  which a daemon must know that starts after a rotation. Bounded in files and bytes, newest kept;
 *  what is beyond is said. Which files belong to a log is told by sources/file-rotation.ts. */
import type { FileHandle } from 'node:fs/promises'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { openRegular } from '../sources/file-reader.ts'
import { isCompressed, rotations, type Rotated } from '../sources/file-rotation.ts'
import { deployFileBytesMax } from './deploy-file.ts'
import { lineCharactersMax } from './deployinator.ts'

const filesMax = 20
/** Bytes of lines over all files; a compressed one counts as what it holds. */
const bytesMax = deployFileBytesMax

export interface RotatedLines {
  /** What a file holds, one character per byte, without the newline. */
  onLine(latin1: string): void
  /** What was not read, and why, as a sentence. */
  onLeftOut(message: string): void
  /** Ends the reading. */
  readonly signal: AbortSignal
}

/**
 * Reads what rotations of the log at `path` have put aside. Never rejects.
 * @param sinceNs Files whose last write lies before are passed over.
 * @returns Time of the last write to any of them, ns since the epoch; `sinceNs` when there is none.
 */
export async function readRotated(
  path: string,
  sinceNs: bigint,
  told: RotatedLines,
): Promise<bigint> {
  const fresh = (await rotations(path)).filter(({ stat }) => stat.mtimeNs >= sinceNs)
  const { kept, left } = withinBounds(fresh)
  if (left.length > 0) {
    const newest = left.at(-1)?.path ?? ''
    const bounds = `${filesMax} files and ${bytesMax / 1_048_576} MiB`
    told.onLeftOut(`${newest} and what is older was not read: more than ${bounds}`)
  }
  // What is newer goes first: an old file that unpacks to more than it looks like leaves it room.
  let bytesFree = bytesMax - sizeOf(kept)
  for (const file of kept) {
    if (told.signal.aborted) break
    const size = sizeOf([file])
    bytesFree += size - (await readLines(file.path, bytesFree + size, told))
  }
  return fresh.reduce((last, { stat }) => (stat.mtimeNs > last ? stat.mtimeNs : last), sinceNs)
}

/** The newest files that fit, oldest first, and those before them. */
function withinBounds(files: readonly Rotated[]): {
  kept: readonly Rotated[]
  left: readonly Rotated[]
} {
  let bytes = 0
  let first = files.length
  while (first > 0 && files.length - first < filesMax) {
    bytes += Number(files[first - 1]?.stat.size ?? 0n)
    if (bytes > bytesMax) break
    first -= 1
  }
  return { kept: files.slice(first), left: files.slice(0, first) }
}

function sizeOf(files: readonly Rotated[]): number {
  return files.reduce((sum, { stat }) => sum + Number(stat.size), 0)
}

/** @returns How many bytes of lines were read. */
async function readLines(file: string, limit: number, told: RotatedLines): Promise<number> {
  if (isCompressed(file) && !file.endsWith('.gz')) {
    told.onLeftOut(`${file} was not read: of compressed files only .gz can be`)
    return 0
  }
  let bytes = 0
  let rest = ''
  try {
    const opened = await openRegular(file)
    if ('refused' in opened) throw new Error(`it ${opened.refused}`)
    for await (const chunk of contentOf(opened.handle, file)) {
      const fits = chunk.subarray(0, limit - bytes)
      bytes += fits.length
      const lines = (rest + fits.toString('latin1')).split('\n')
      // One character more than a line may have is enough to see that it is too long.
      rest = (lines.pop() ?? '').slice(0, lineCharactersMax + 1)
      for (const line of lines) told.onLine(line)
      if (told.signal.aborted) return bytes
      if (fits.length < chunk.length)
        throw new Error(`more than ${bytesMax / 1_048_576} MiB in all`)
    }
    // Whoever rotates may have cut the last line off from its newline; it counts.
    told.onLine(rest)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    told.onLeftOut(`${file} was not read to its end: ${why}`)
  }
  return bytes
}

/** The bytes of a file, unpacked. The handle is closed with the stream. */
function contentOf(handle: FileHandle, file: string): AsyncIterable<Buffer> {
  const raw = handle.createReadStream()
  if (!file.endsWith('.gz')) return raw
  // Errors of either come out of the iteration.
  return pipeline(raw, createGunzip(), () => {})
}

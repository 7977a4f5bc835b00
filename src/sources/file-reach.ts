/** How far a follower is behind its file, for an operator who asks; reading goes on meanwhile. */
import { fileId, type FilePosition } from './file-checkpoint.ts'
import { look } from './file-rotation.ts'
import type { FollowerParts } from './file-turn.ts'
import type { Reach } from './source.ts'

const absent: Reach = { state: 'absent', position: null, behindBytes: 0, behindMs: 0 }

/** What a follower knows of its reading. */
export interface Reading {
  /** In the file being read; null when there is none. */
  readonly position: FilePosition | null
  /** The end of the file was reached in the last read. */
  readonly atEnd: boolean
  /** Offset up to which it was read, its unfinished line included. */
  readonly readTo: number
  /** Monotonic time at which the end was last reached, ms. */
  readonly atEndAt: number
  /** It is looked at less often than one that grows. */
  readonly isSlow: boolean
}

/** How far the follower of a path is now. Never rejects. */
export async function reachOf(
  path: string,
  { position, atEnd, readTo, atEndAt, isSlow }: Reading,
  { files, context }: FollowerParts,
): Promise<Reach> {
  if (position === null) return absent
  const there = await look(path).catch(() => null)
  const here = there !== null && fileId(there) === fileId(position)
  const open = files.get(path)?.handle
  const stat = here ? there : await open?.stat().catch(() => null)
  const { offset } = position
  // Of an unfinished line that was read nothing is left to do.
  const doneTo = atEnd ? Math.max(offset, readTo) : offset
  const behindBytes = stat == null ? null : Math.max(0, Number(stat.size) - doneTo)
  const behindMs = behindBytes === 0 ? 0 : Math.round(context.clock.monotonic() - atEndAt)
  const state = here ? (behindBytes === 0 && isSlow ? 'quiet' : 'open') : 'rotated'
  return { state, position: offset, behindBytes, behindMs }
}

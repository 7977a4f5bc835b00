/** When a file that was renamed or deleted is done: programs write on to it for a while. */
import type { FilePosition } from './file-checkpoint.ts'
import type { FileOpening } from './file-opening.ts'
import type { FileReader } from './file-reader.ts'
import type { FollowerParts } from './file-turn.ts'

/** True when a file that left its path has had its time for late lines.
 *  @param leftSince Monotonic time since which it has left and was silent, ms. */
export async function isSilent(
  reader: FileReader,
  leftSince: number,
  position: FilePosition | null,
  opening: FileOpening,
  { context, timing }: FollowerParts,
): Promise<boolean> {
  const stat = await reader.handle.stat()
  if (stat.size > reader.read) return false
  const now = context.clock.now()
  // Renaming and deleting set ctime: after a restart the wait need not begin anew.
  const silentMs = Math.max(context.clock.monotonic() - leftSince, now - stat.ctimeMs)
  if (silentMs >= timing.rotateWaitMs) return true
  // Each rotation of a chain renames it again. That it left is as old as its successor, so that
  // the files of a chain wait at the same time and not one after the other.
  const leftMs = await opening.successorBornMs(position)
  return leftMs !== null && now - Math.max(leftMs, stat.mtimeMs) >= timing.rotateWaitMs
}

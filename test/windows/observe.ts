/** One event after the other, as the pipeline judges them a column at a time. */
import type { Watermarks } from '../../src/windows/watermark.ts'

/** Counts one event of a partition; true when it is late. */
export function observe(marks: Watermarks, partition: string, timeMs: number): boolean {
  const { newest, latenessMs } = marks.progress(partition)
  marks.moveTo(partition, timeMs)
  return timeMs < newest - latenessMs
}

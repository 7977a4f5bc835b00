/** A place in the order of events as text for URLs and answers. Askers hand it back unread. */
import { z } from 'zod'
import type { EventOrder } from '../model/event.ts'

const cursorCharsMax = 20_000

const place = z.tuple([z.int(), z.string(), z.int()])

export function writeCursor({ time, partition, position }: EventOrder): string {
  return Buffer.from(JSON.stringify([time, partition, position])).toString('base64url')
}

/** null for what was never written here. */
export function readCursor(text: string): EventOrder | null {
  if (text.length > cursorCharsMax || !/^[\w-]+$/.test(text)) return null
  try {
    const read = place.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString()))
    if (!read.success) return null
    const [time, partition, position] = read.data
    return { time, partition, position }
  } catch {
    return null
  }
}

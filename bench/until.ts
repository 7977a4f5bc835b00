/** Waiting for a condition, with an end. */
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Looks again and again until there is an answer.
 * @param everyMs Between two looks: looking costs the one who is asked.
 * @throws Error after `limitMs`, and whatever the look throws.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | null> | T | null,
  { everyMs = 50, limitMs = 60_000 } = {},
): Promise<T> {
  const end = performance.now() + limitMs
  for (;;) {
    const found = await look()
    if (found !== null) return found
    if (performance.now() > end) throw new Error(`waited ${limitMs / 1_000} s for ${what}`)
    await delay(everyMs)
  }
}

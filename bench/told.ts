/** What a contestant counted, and whether it is what the others counted: a program that is fast and
 *  wrong has no place in a table. Pure. */

export interface Told {
  /** Lines, or events, by what is counted. */
  readonly counts?: Readonly<Record<string, number>>
  /** Keys of `counts` that this program is known to count in another way. */
  readonly leftOut?: readonly string[]
  readonly lines?: number
  /** Lines that match, without saying how they are counted. */
  readonly matched?: number
  readonly unparsed?: number
  /** Lines that belong to the event before them. */
  readonly continued?: number
  /** Ten-second pieces of event time in which something was counted. */
  readonly panes?: number
}

/** Differences in what both tell, as sentences; none when they agree. */
export function differences(name: string, told: Told, truth: Told): string[] {
  const all = { ...truth, ...derived(truth) }
  const numbers = ['lines', 'matched', 'unparsed', 'continued', 'panes'] as const
  const found = numbers
    .filter((key) => told[key] !== undefined && all[key] !== undefined && told[key] !== all[key])
    .map((key) => `${name} tells ${told[key]} ${key}, not ${all[key]}`)
  if (told.counts === undefined || truth.counts === undefined) return found
  const keys = new Set([...Object.keys(told.counts), ...Object.keys(truth.counts)])
  for (const key of told.leftOut ?? []) keys.delete(key)
  for (const key of [...keys].sort()) {
    const [is, expected] = [told.counts[key] ?? 0, truth.counts[key] ?? 0]
    if (is !== expected) found.push(`${name} counts ${is} of ${key}, not ${expected}`)
  }
  return found
}

/** What follows from the counts of a truth, where it does not say it itself. */
function derived({ counts, matched, lines, unparsed, continued = 0 }: Told): Told {
  if (counts === undefined || unparsed === undefined) return {}
  const sum = Object.values(counts).reduce((total, count) => total + count, 0)
  return { matched: matched ?? sum, lines: lines ?? sum + unparsed + continued }
}

/** The one line of JSON that our own programs print. */
export function readTold(output: string): Told {
  return JSON.parse(output) as Told
}

/** Arithmetic of figures: medians, spreads, and ratios that are taken round by round, since a round
 *  is a short time in which the machine treated all contestants alike. Pure. */

/** What one run of a program cost. */
export interface Cost {
  /** User and system time of all its threads, s. */
  readonly cpu: number
  /** s. */
  readonly wall: number
  /** Peak resident memory, MiB. */
  readonly memory: number
}

export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
}

/** @returns NaN everywhere when there are no values. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  return { min: sorted[0] ?? NaN, median: quantile(sorted, 0.5), max: sorted.at(-1) ?? NaN }
}

/** The value below which a share of the others lies, between neighbours in proportion.
 *  @param sorted Ascending. @returns NaN when there are no values. */
export function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1)
  const [low, high] = [sorted[Math.floor(at)] ?? NaN, sorted[Math.ceil(at)] ?? NaN]
  return low + (high - low) * (at - Math.floor(at))
}

/** CPU time of one contestant over that of another. One that ran in fewer rounds is compared in
 *  these only. */
export function cpuRatio(of: readonly Cost[], to: readonly Cost[]): Spread {
  const rounds = Math.min(of.length, to.length)
  return spread(
    Array.from({ length: rounds }, (_, round) => (of[round]?.cpu ?? NaN) / (to[round]?.cpu ?? NaN)),
  )
}

/** CPU time of the run that was least disturbed, s. @returns NaN when there are none. */
export function cheapest(costs: readonly Cost[]): number {
  return spread(costs.map(({ cpu }) => cpu)).min
}

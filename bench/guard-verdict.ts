/** Decides whether a change has made lastpush dearer than it may: ratios of this run against ratios
 *  that were kept. Ratios only, since seconds tell more of the machine than of the program.
 *  Pure. */

/** CPU time a line over that of a baseline program in the same run. */
export interface Ratio {
  readonly check: string
  readonly against: string
  readonly ratio: number
}

/** A kept ratio beside what was measured; null when the baseline is not on this machine. */
export interface Compared {
  readonly kept: Ratio
  readonly measured: number | null
}

export interface Verdict {
  readonly failed: boolean
  /** One line for people. */
  readonly text: string
}

/**
 * The least that was measured of each ratio.
 * @param tries Each with the same ratios in the same order.
 */
export function bestOf(tries: readonly (readonly Compared[])[]): readonly Compared[] {
  const [first = []] = tries
  return first.map(({ kept }, at) => {
    const measured = tries.flatMap((each) => each[at]?.measured ?? [])
    const numbers = measured.filter((each) => !Number.isNaN(each))
    if (measured.length === 0) return { kept, measured: null }
    return { kept, measured: numbers.length === 0 ? NaN : Math.min(...numbers) }
  })
}

/** @param lossMax Greatest loss that passes, as a share of the kept ratio. */
export function judge({ kept, measured }: Compared, lossMax: number): Verdict {
  const what = `${kept.check} against ${kept.against}`
  if (measured === null) return { failed: false, text: `skip ${what}: not here` }
  // Also a ratio that could not be computed is no pass.
  const failed = !(measured <= kept.ratio * (1 + lossMax))
  const change = measured / kept.ratio - 1
  const facts = `${measured.toFixed(2)}, kept ${kept.ratio.toFixed(2)} (${percent(change)})`
  if (failed) return { failed, text: `FAIL ${what}: ${facts}, at most ${percent(lossMax)} passes` }
  const better = change < -lossMax ? '; renew it: npm run bench:guard -- --keep' : ''
  return { failed, text: `ok   ${what}: ${facts}${better}` }
}

function percent(share: number): string {
  return `${share >= 0 ? '+' : ''}${(share * 100).toFixed(0)} %`
}

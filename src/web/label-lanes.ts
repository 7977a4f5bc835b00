/** Where the labels of deploy lines go, so that none covers another: a few lanes above the plot.
 *  A label that fits no lane is left out; its line stays, and has its words in the title. */

/** A line at `x` px whose label is `width` px wide; higher `weight` is placed first. */
export interface LabelWish {
  readonly x: number
  readonly width: number
  readonly weight: number
}

/** Lane 0 is next to the plot; null: no label. `left` in px. */
export interface LabelPlace {
  readonly lane: number | null
  readonly left: number
}

const lanesMax = 3
const gapPx = 6

/** Places by weight, then from the right (the newest); answers in the order of the wishes. */
export function placeLabels(wishes: readonly LabelWish[], plotWidth: number): LabelPlace[] {
  const taken: { lane: number; left: number; right: number }[] = []
  const places = new Map<LabelWish, LabelPlace>()
  for (const wish of [...wishes].sort((a, b) => b.weight - a.weight || b.x - a.x)) {
    const left = Math.max(0, Math.min(wish.x, plotWidth - wish.width))
    const right = left + wish.width
    const free = (lane: number) =>
      !taken.some((at) => at.lane === lane && left < at.right + gapPx && at.left < right + gapPx)
    const lane = Array.from({ length: lanesMax }, (_, index) => index).find(free) ?? null
    if (lane !== null) taken.push({ lane, left, right })
    places.set(wish, { lane, left })
  }
  return wishes.map((wish) => places.get(wish) ?? { lane: null, left: 0 })
}

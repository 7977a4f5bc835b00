/** Pane arithmetic: which pane a time falls into, and how wide the panes of a window should be. */

const widthsMs = [1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000] as const

/** The widest of 1, 2, 5, 10, 15, 30, 60 s that divides the window into at least 30 panes and
 *  leaves no rest; 1 s when none does. Narrow panes cost state, wide ones delay the decision. */
export function paneWidth(windowMs: number): number {
  const fits = widthsMs.filter((width) => windowMs % width === 0 && windowMs / width >= 30)
  return fits.at(-1) ?? 1_000
}

/** Start of the pane that holds a time; panes are aligned to the epoch. */
export function paneStart(timeMs: number, widthMs: number): number {
  return Math.floor(timeMs / widthMs) * widthMs
}

/** The first pane border at or after a time. */
export function paneEndAtOrAfter(timeMs: number, widthMs: number): number {
  return Math.ceil(timeMs / widthMs) * widthMs
}

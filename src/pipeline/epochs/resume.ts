/** How a restart goes on: what the last commit holds is read back into an empty pipeline. Sources
 *  then start at the positions of the same commit, so every line after them is read as if for the
 *  first time, whatever the process before had made of it. */
import type { State } from '../../store/state.ts'
import { historyMs } from '../../windows/history.ts'
import type { Pipeline } from '../../pipeline.ts'

/** Panes are kept by the second for so long, ms. */
const finePanesMs = 47 * 3_600_000

/** @param nowMs Wall time. @throws LastpushError STORE_DAMAGED */
export async function resume(
  pipeline: Pick<Pipeline, 'restore'>,
  state: Pick<State, 'records' | 'panes' | 'signatures'>,
  nowMs: number,
): Promise<void> {
  const scopes = await state.records('scope')
  const panesFrom = historyStart(scopes.values(), nowMs)
  const [partitions, series, panes, signatures] = await Promise.all([
    state.records('partition'),
    state.records('series'),
    state.panes({ from: panesFrom, to: Math.floor(nowMs / 1_000) + 3_600 }),
    state.signatures(),
  ])
  pipeline.restore({ partitions, scopes, series, panes, panesFrom, signatures, nowMs })
}

/** Second from which decisions may need the past: event time goes on where it stopped, however long
 *  nobody was reading. Older panes than two days are no longer by the second. */
function historyStart(scopes: Iterable<unknown>, nowMs: number): number {
  const reached = [...scopes].map((scope) => (scope as { reached: number | null }).reached ?? nowMs)
  const oldest = Math.min(nowMs, ...reached) - historyMs
  return Math.ceil(Math.max(oldest, nowMs - finePanesMs) / 1_000)
}

/** How each source is doing, from `status`: what the header says the answer rests on. */
import type { SourceStatus } from '../server/view.ts'

export type SourceState = 'live' | 'idle' | 'blind'

/** A source that has said nothing for this long is idle: quiet nights are no fault. */
const idleSecondsMin = 60

/** blind: it cannot be read; idle: nothing new came; live: lines arrive. */
export function sourceState(source: Pick<SourceStatus, 'fault' | 'lagSeconds'>): SourceState {
  if (source.fault !== null) return 'blind'
  const { lagSeconds } = source
  return lagSeconds === null || lagSeconds > idleSecondsMin ? 'idle' : 'live'
}

/** A deploy for tests: everything has a default, times are minutes after 12:00. */
import { isoTime } from '../../src/flow/time.ts'
import type { Deploy } from '../../src/model/deploy.ts'

const noon = Date.UTC(2026, 10, 23, 12)

/** ms since the epoch of a minute after 12:00 on 2026-11-23, UTC. */
export function minute(minutes: number): number {
  return noon + minutes * 60_000
}

export function deployOf(
  sha: string,
  startMinute: number,
  rest: Partial<Omit<Deploy, 'start' | 'end'>> & { endMinute?: number | null } = {},
): Deploy {
  const { endMinute = startMinute, ...given } = rest
  return {
    id: `${given.service ?? ''}/${sha}@${startMinute}`,
    sha,
    previous: null,
    env: 'production',
    service: null,
    by: null,
    url: null,
    start: isoTime(minute(startMinute)),
    end: endMinute === null ? null : isoTime(minute(endMinute)),
    kind: 'push',
    status: 'done',
    ...given,
  }
}

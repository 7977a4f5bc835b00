/** An onset for tests: everything has a default. */
import type { Onset } from '../../src/alerts/state.ts'

export function onsetOf(given: Partial<Onset>): Onset {
  return {
    fingerprint: 'f00dfeedf00dfeed',
    labels: { service: 'web', env: 'production', severity: 'page' },
    phase: 'pending',
    startsAt: 0,
    value: 20,
    threshold: 20,
    facts: { window: '5m' },
    samples: [],
    nodata: false,
    quietSince: null,
    blame: { sha: null, deploy: null, suspects: [], named: null, scope: 'production\u0000web' },
    ordinal: 0,
    ...given,
  }
}

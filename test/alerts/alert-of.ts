/** Alerts and transitions for tests of what is made of them: everything has a default. */
import type { Alert, Transition } from '../../src/model/alert.ts'

export function alertOf(given: Partial<Alert>): Alert {
  return {
    rule: 'error-burst',
    labels: { service: 'web', env: 'production', severity: 'page' },
    state: 'firing',
    acknowledged: false,
    muted: false,
    nodata: false,
    startsAt: '2026-11-23T12:00:00.000Z',
    endsAt: null,
    sha: '3b77d0c5ae',
    deploy: 'd1',
    fixedBy: null,
    suspects: [],
    value: 20,
    threshold: 20,
    summary: '20 errors',
    samples: [],
    fingerprint: 'aa',
    ...given,
  }
}

export function transitionOf(
  given: Partial<Omit<Transition, 'alert'>>,
  alert: Partial<Alert> = {},
): Transition {
  return { id: 't', kind: 'firing', at: 0, ...given, alert: alertOf(alert) }
}

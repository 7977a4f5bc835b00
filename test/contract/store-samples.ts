/** Small values of each kind that a store keeps; each call names only what it is about. */
import type { Alert, Transition } from '../../src/model/alert.ts'
import type { Deploy } from '../../src/model/deploy.ts'
import type { EventDocument } from '../../src/store/events.ts'
import type {
  Commit,
  Dispatch,
  Notification,
  PaneDelta,
  SignatureDelta,
} from '../../src/store/state.ts'

export function commitOf(parts: Partial<Commit>): Commit {
  return {
    records: [],
    panes: [],
    signatures: [],
    alerts: [],
    transitions: [],
    deploys: [],
    backlog: [],
    ...parts,
  }
}

export function dispatchOf(parts: Partial<Dispatch>): Dispatch {
  return { dispatched: [], records: [], notifications: [], ...parts }
}

export function paneOf(parts: Partial<PaneDelta>): PaneDelta {
  return {
    service: 'web',
    env: 'production',
    kind: 'status',
    id: '500',
    second: 1_000,
    count: 1,
    late: 0,
    ...parts,
  }
}

export function signatureOf(parts: Partial<SignatureDelta>): SignatureDelta {
  return {
    service: 'web',
    env: 'production',
    id: 'a1',
    group: 'a1',
    template: 'cannot open <path>',
    level: 'error',
    firstSeen: 5_000,
    lastSeen: 5_000,
    count: 1,
    sample: 'cannot open /a',
    ...parts,
  }
}

export function alertOf(parts: Partial<Alert>): Alert {
  return {
    rule: 'errors',
    labels: { service: 'web' },
    state: 'firing',
    acknowledged: false,
    muted: false,
    nodata: false,
    startsAt: '2026-11-01T10:00:00.000Z',
    endsAt: null,
    sha: 'abc1234',
    deploy: 'd1',
    fixedBy: null,
    suspects: [{ sha: 'abc1234', share: 1 }],
    value: 20,
    threshold: 10,
    summary: 'errors are up',
    samples: ['cannot open /a'],
    fingerprint: 'f1',
    ...parts,
  }
}

export function transitionOf(parts: Partial<Transition>): Transition {
  return { id: 't1', kind: 'firing', at: 5_000, alert: alertOf({}), ...parts }
}

export function deployOf(parts: Partial<Deploy>): Deploy {
  return {
    id: 'd1',
    sha: 'abc1234',
    previous: null,
    env: 'production',
    service: 'web',
    by: 'ann',
    url: null,
    start: '2026-11-01T10:00:00.000Z',
    end: null,
    kind: 'push',
    status: 'done',
    ...parts,
  }
}

export function notificationOf(parts: Partial<Notification>): Notification {
  return {
    key: 'k1',
    receiver: 'chat',
    groupKey: 'g1',
    transitions: ['t1'],
    body: '{"text":"errors are up"}',
    state: 'waiting',
    attempts: 0,
    nextAttemptAt: 6_000,
    error: null,
    createdAt: 5_000,
    ...parts,
  }
}

export function eventOf(parts: Partial<EventDocument>): EventDocument {
  return {
    id: 'app.log@0',
    time: 5_000,
    service: 'web',
    env: 'production',
    source: 'app',
    partition: 'app.log',
    position: 0,
    level: 'error',
    status: null,
    signature: 'a1',
    sha: null,
    text: 'cannot open /a',
    stack: null,
    fields: { message: 'cannot open /a', line: 7 },
    ...parts,
  }
}

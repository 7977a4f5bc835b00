/** From committed transitions to notifications: groups them by the route, waits as it says, and
 *  writes what is to be sent with its body frozen, all in one transaction of its own. Driven by the
 *  wall clock and by what was committed, never by the pipeline. Sending is the outbox's. */
import { failPoint } from '../flow/fail-points.ts'
import type { Metric, Metrics } from '../flow/metrics.ts'
import type { Clock } from '../flow/time.ts'
import { shortHash, type Alert, type Transition } from '../model/alert.ts'
import type { Deploy } from '../model/deploy.ts'
import type { Page, PageReason } from '../model/page.ts'
import type { Notification, RecordPut, State } from '../store/state.ts'
import { adopt, holdsOnset, isOver, leave, openGroup, shifted, showsOnset, takeIn, takenUp } from './group.ts' // prettier-ignore
import type { Group } from './group.ts'
import { groupId, groupLabels, routeOf, type Route, type Routing } from './route.ts'
import { afterTelling, mutedNow, released, tell, type MutedBy, type Telling } from './telling.ts'

/** Wall time that passes this much faster or slower than it can between two looks was set, ms. */
const clockStepMs = 1_000

export interface DispatcherOptions {
  readonly state: State
  readonly clock: Clock
  readonly routing: Routing
  /** Asked at the moment of telling: a silence that came later counts, one that ended does not. */
  readonly mutedBy: MutedBy
  readonly metrics: Metrics
  /** The frozen body of a page, as its receiver will send it. */
  readonly render: (page: Page) => string
  readonly deployById: (id: string) => Deploy | null
  readonly deployBySha: (sha: string) => Deploy | null
  /** Address that shows the time of an alert. */
  readonly urlOf: (alert: Alert) => string
}

type OlderGroup = Omit<Group, 'beyond'> & Partial<Group>

export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #suppressed: Metric
  readonly #beyond: Metric
  #groups = new Map<string, Group>()
  /** Both clocks at the last look that the store took. */
  #looked: { readonly wallMs: number; readonly monotonicMs: number }

  constructor(options: DispatcherOptions) {
    this.#options = options
    this.#looked = bothClocks(options.clock)
    this.#suppressed = options.metrics.counter(
      'lastpush_suppressed_total',
      'Changes of alerts that nobody was told of, since a silence muted them.',
    )
    this.#beyond = options.metrics.counter(
      'lastpush_group_overflow_total',
      'Alerts that began in a group of 1,000: its pages count them without naming them.',
    )
  }

  /** Takes up the groups of an earlier process. */
  async restore(): Promise<void> {
    const records = await this.#options.state.records('group')
    const now = this.#options.clock.now()
    this.#groups = new Map([...records].map(([key, value]) => [key, this.#takenUp(value as OlderGroup, now)])) // prettier-ignore
  }

  /** True when no group waits for a time or the end of a silence. */
  get idle(): boolean {
    return this.#groups.size === 0
  }

  /**
   * Accounts for every committed transition and writes the notifications that are due.
   * @returns How many notifications were written that are to be sent.
   * @throws What the store rejects with; nothing has changed then.
   */
  async dispatch(): Promise<number> {
    const { state, clock } = this.#options
    const looked = bothClocks(clock)
    const now = looked.wallMs
    const transitions = await state.undispatched()
    // In an order that a restart does not change: of two groups that turned out to be about the same
    // the first takes what follows.
    const groups = new Map([...this.#moved(looked)].sort(([a], [b]) => (a < b ? -1 : 1)))
    const beyond: string[] = []
    for (const transition of transitions) {
      const group = this.#assign(groups, transition, now)
      if (group === null || transition.kind !== 'firing') continue
      if (!showsOnset(group, transition.alert)) beyond.push(group.receiver)
    }

    const notifications = [...groups.values()].flatMap((group) => this.#flush(groups, group, now))
    const records = this.#changed(groups)
    const isNews = transitions.length + records.length + notifications.length > 0
    if (isNews) {
      failPoint('dispatcher-before-write')
      await state.dispatch({ dispatched: transitions.map(({ id }) => id), records, notifications })
      failPoint('dispatcher-after-write')
    }
    this.#looked = looked
    this.#groups = groups
    for (const receiver of beyond) this.#beyond.add(1, { receiver })
    const suppressed = notifications.filter((each) => each.state === 'suppressed')
    for (const { receiver, transitions: ids } of suppressed) {
      this.#suppressed.add(ids.length, { receiver })
    }
    return notifications.length - suppressed.length
  }

  /** The groups, moved along where the wall clock was set: that tells nobody anything, neither now
   *  nor an hour late. */
  #moved(looked: { readonly wallMs: number; readonly monotonicMs: number }): Map<string, Group> {
    const wallMs = looked.wallMs - this.#looked.wallMs
    const stepMs = wallMs - (looked.monotonicMs - this.#looked.monotonicMs)
    if (Math.abs(stepMs) < clockStepMs) return this.#groups
    return new Map([...this.#groups].map(([key, group]) => [key, shifted(group, stepMs)]))
  }

  /** A group of an older release has nothing beyond its alerts. */
  #takenUp(older: OlderGroup, now: number): Group {
    const group = { beyond: [], ...older }
    return takenUp(group, now, this.#routeOf(Object.values(group.alerts)[0]))
  }

  /** Tells a group if it is due, or if a silence over it has ended. */
  #flush(groups: Map<string, Group>, known: Group, now: number): Notification[] {
    const muted = mutedNow(known, this.#options.mutedBy)
    const free = released(known, muted)
    const group = sameKeys(known.muted, muted) ? known : { ...known, muted }
    groups.set(group.key, group)
    const due = group.flushAt !== null && group.flushAt <= now
    if (!due && Object.keys(free).length === 0) return []
    const telling = tell(group, this.#options.mutedBy, free)
    if (isOver(group)) groups.delete(group.key)
    else {
      const route = this.#routeOf(Object.values(group.alerts)[0])
      groups.set(group.key, afterTelling(group, telling, now, route))
    }
    return this.#notifications(group, telling, now)
  }

  #routeOf(alert: Alert | undefined): Route {
    const { routing } = this.#options
    return alert === undefined ? routing.otherwise : routeOf(routing, alert)
  }

  /** An onset stays in the group that it was first told in, whatever it is attributed to later;
   *  before that a new attribution moves it. */
  #assign(groups: Map<string, Group>, transition: Transition, now: number): Group | null {
    const { alert } = transition
    const route = this.#routeOf(alert)
    const labels = groupLabels(route, alert)
    const id = groupId(route.receiver, labels)
    const open = [...groups.values()]
    const held = open.find((group) => holdsOnset(group, alert))
    const home = held !== undefined && (held.paged || held.id === id) ? held : undefined
    const waiting = held !== undefined && home === undefined ? held : undefined
    if (waiting !== undefined) leave(groups, waiting, alert)
    // The end of something that was never told needs no telling.
    if (held === undefined && transition.kind !== 'firing') return null
    const target = home ?? [...groups.values()].find((group) => group.id === id)
    const group = target ?? openGroup(id, route.receiver, labels, transition)
    const moved = waiting?.pending.filter((each) => each.fingerprint === alert.fingerprint) ?? []
    const whole = { ...group, pending: [...group.pending, ...moved] }
    const taken = takeIn(whole, transition, now, route)
    // What the group is about already cannot make it about something else.
    const adopted = taken.id === id ? taken : adopt(taken, (each) => this.#routeOf(each))
    groups.set(group.key, adopted)
    return adopted
  }

  #notifications(group: Group, telling: Telling, now: number): Notification[] {
    const { receiver, key: groupKey } = group
    const written = { receiver, groupKey, attempts: 0, nextAttemptAt: now, createdAt: now }
    const sent = telling.reasons.map((reason, index): Notification => {
      const key = shortHash([group.key, String(group.sequence + index)])
      const transitions = index === 0 ? telling.transitions : []
      const body = this.#options.render(this.#page(group, telling, key, reason))
      return { ...written, key, transitions, body, state: 'waiting', error: null }
    })
    const [first] = telling.suppressed
    if (first === undefined) return sent
    const kept: Notification = {
      ...written,
      key: shortHash([group.key, 'suppressed', first]),
      transitions: telling.suppressed,
      body: '',
      state: 'suppressed',
      error: telling.because,
    }
    return [...sent, kept]
  }

  #page(group: Group, telling: Telling, key: string, reason: PageReason): Page {
    const status = reason === 'resolved' ? 'resolved' : 'firing'
    // A page about what is over as a whole still tells first that it fired; its end follows at once.
    const beforeEnd = reason === 'firing' && telling.reasons.includes('resolved')
    const alerts = telling.alerts.map((alert) =>
      beforeEnd ? { ...alert, state: 'firing' as const, endsAt: null, fixedBy: null } : alert,
    )
    return {
      key,
      receiver: group.receiver,
      groupKey: group.key,
      groupLabels: group.labels,
      reason,
      status,
      alerts,
      more: group.beyond.length,
      deploys: known(
        alerts.map(({ deploy }) => deploy),
        this.#options.deployById,
      ),
      fixes: known(
        alerts.map(({ fixedBy }) => fixedBy),
        this.#options.deployBySha,
      ),
      url: alerts[0] === undefined ? '' : this.#options.urlOf(alerts[0]),
    }
  }

  #changed(groups: ReadonlyMap<string, Group>): RecordPut[] {
    const puts = [...groups.values()]
      .filter((group) => this.#groups.get(group.key) !== group)
      .map((group): RecordPut => ({ kind: 'group', key: group.key, value: group }))
    const gone = [...this.#groups.keys()]
      .filter((key) => !groups.has(key))
      .map((key): RecordPut => ({ kind: 'group', key, value: null }))
    return [...puts, ...gone]
  }
}

/** The deploys that can be found, by the name that was given for each. */
function known(
  names: readonly (string | null)[],
  find: (name: string) => Deploy | null,
): ReadonlyMap<string, Deploy> {
  const found = new Map<string, Deploy>()
  for (const name of new Set(names)) {
    const deploy = name === null ? null : find(name)
    if (name !== null && deploy !== null) found.set(name, deploy)
  }
  return found
}

function sameKeys(a: object, b: object): boolean {
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => key in b)
}

function bothClocks(clock: Clock): { wallMs: number; monotonicMs: number } {
  return { wallMs: clock.now(), monotonicMs: clock.monotonic() }
}

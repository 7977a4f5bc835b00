/** From committed transitions to notifications: groups them by the route, waits as it says, and
 *  writes what is to be sent with its body frozen, all in one transaction of its own. Driven by the
 *  wall clock and by what was committed, never by the pipeline. Sending is the outbox's. */
import type { Clock } from '../flow/time.ts'
import { shortHash, type Alert, type Transition } from '../model/alert.ts'
import type { Deploy } from '../model/deploy.ts'
import type { Page, PageReason } from '../model/page.ts'
import type { Notification, RecordPut, State } from '../store/state.ts'
import {
  adopt,
  afterTelling,
  alertsInOrder,
  holdsOnset,
  isOver,
  leave,
  openGroup,
  reasons,
  takeIn,
  type Group,
} from './group.ts'
import { groupId, groupLabels, type Route } from './route.ts'

export interface DispatcherOptions {
  readonly state: State
  readonly clock: Clock
  readonly route: Route
  /** The frozen body of a page, as its receiver will send it. */
  readonly render: (page: Page) => string
  readonly deployById: (id: string) => Deploy | null
  readonly deployBySha: (sha: string) => Deploy | null
  /** Address that shows the time of an alert. */
  readonly urlOf: (alert: Alert) => string
}

export class Dispatcher {
  readonly #options: DispatcherOptions
  #groups = new Map<string, Group>()

  constructor(options: DispatcherOptions) {
    this.#options = options
  }

  /** Takes up the groups of an earlier process. */
  async restore(): Promise<void> {
    const records = await this.#options.state.records('group')
    this.#groups = new Map([...records].map(([key, value]) => [key, value as Group]))
  }

  /** When the next group is due, wall ms; null when none waits. */
  nextDue(): number | null {
    const due = [...this.#groups.values()].flatMap((group) => group.flushAt ?? [])
    return due.length === 0 ? null : Math.min(...due)
  }

  /**
   * Accounts for every committed transition and writes the notifications that are due.
   * @returns How many notifications were written.
   * @throws What the store rejects with; nothing has changed then.
   */
  async dispatch(): Promise<number> {
    const { state, clock, route } = this.#options
    const now = clock.now()
    const transitions = await state.undispatched()
    // In an order that a restart does not change: of two groups that turned out to be about the same
    // the first takes what follows.
    const groups = new Map([...this.#groups].sort(([a], [b]) => (a < b ? -1 : 1)))
    for (const transition of transitions) this.#assign(groups, transition, now)

    const notifications: Notification[] = []
    for (const group of groups.values()) {
      if (group.flushAt === null || group.flushAt > now) continue
      notifications.push(...this.#tell(group, now))
      if (isOver(group)) groups.delete(group.key)
      else groups.set(group.key, afterTelling(group, now, route))
    }
    const records = this.#changed(groups)
    if (transitions.length + records.length + notifications.length === 0) return 0
    await state.dispatch({ dispatched: transitions.map(({ id }) => id), records, notifications })
    this.#groups = groups
    return notifications.length
  }

  /** An onset stays in the group that it was first told in, whatever it is attributed to later;
   *  before that a new attribution moves it. */
  #assign(groups: Map<string, Group>, transition: Transition, now: number): void {
    const { route } = this.#options
    const { alert } = transition
    const labels = groupLabels(route, alert)
    const id = groupId(route.receiver, labels)
    const open = [...groups.values()]
    const held = open.find((group) => holdsOnset(group, alert))
    const home = held !== undefined && (held.paged || held.id === id) ? held : undefined
    const waiting = held !== undefined && home === undefined ? held : undefined
    if (waiting !== undefined) leave(groups, waiting, alert)
    // The end of something that was never told needs no telling.
    if (held === undefined && transition.kind !== 'firing') return
    const target = home ?? [...groups.values()].find((group) => group.id === id)
    const group = target ?? openGroup(id, route.receiver, labels, transition)
    const moved = waiting === undefined ? [] : waiting.pending
    const taken = takeIn(
      { ...group, pending: [...group.pending, ...moved] },
      transition,
      now,
      route,
    )
    groups.set(group.key, adopt(taken, route))
  }

  #tell(group: Group, now: number): Notification[] {
    return reasons(group).map((reason, index) => {
      const key = shortHash([group.key, String(group.sequence + index)])
      return {
        key,
        receiver: group.receiver,
        groupKey: group.key,
        transitions: index === 0 ? group.pending : [],
        body: this.#options.render(this.#page(group, key, reason)),
        state: 'waiting',
        attempts: 0,
        nextAttemptAt: now,
        error: null,
        createdAt: now,
      }
    })
  }

  #page(group: Group, key: string, reason: PageReason): Page {
    const status = reason === 'resolved' ? 'resolved' : 'firing'
    // A page about what is over already still tells first that it fired.
    const alerts = alertsInOrder(group).map((alert) =>
      reason === 'firing' ? { ...alert, state: 'firing' as const, endsAt: null, fixedBy: null } : alert,
    ) // prettier-ignore
    const fixedBy = alerts.findLast((alert) => alert.fixedBy !== null)?.fixedBy ?? null
    const deployId = alerts.find((alert) => alert.deploy !== null)?.deploy ?? null
    return {
      key,
      receiver: group.receiver,
      groupKey: group.key,
      groupLabels: group.labels,
      reason,
      status,
      alerts,
      deploy: deployId === null ? null : this.#options.deployById(deployId),
      fixedBy: fixedBy === null ? null : this.#options.deployBySha(fixedBy),
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

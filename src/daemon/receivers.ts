/** The configured receivers of a running daemon: builds them, opens what they keep open, tells them
 *  of committed deploys, and says how each is doing. Delivery is the outbox's. Whatever one of them
 *  does here, neither the others nor the daemon are disturbed by it. */
import type { Config } from '../config.ts'
import type { Log } from '../flow/log.ts'
import type { Metrics } from '../flow/metrics.ts'
import type { Deploy } from '../model/deploy.ts'
import type { Page, Receiver, ReceiverContext } from '../receivers/receiver.ts'
import { receiverTypes } from '../registry.ts'
import type { ReceiverStatus } from '../server/view.ts'
import type { StateReader, Undelivered } from '../store/state.ts'

/** A receiver and the kind that made it. */
export interface BuiltReceiver {
  readonly kind: string
  readonly receiver: Receiver
}

export interface RunningReceiversParts {
  readonly config: Config
  readonly state: Pick<StateReader, 'undelivered'>
  readonly clock: ReceiverContext['clock']
  readonly screen: ReceiverContext['screen']
  readonly log: Log
  readonly metrics: Metrics
  readonly since: NonNullable<ReceiverContext['since']>
}

/** In the order of the configuration; a console where none is configured. Opens nothing. */
export function buildReceivers(
  config: Pick<Config, 'receivers' | 'routing'>,
  context: ReceiverContext,
): readonly BuiltReceiver[] {
  if (config.receivers.length === 0) {
    const [type] = receiverTypes
    const { receiver } = config.routing.otherwise
    return [{ kind: type.kind, receiver: type.create(receiver, { color: 'auto' }, context) }]
  }
  return config.receivers.map(({ name, type, options }) => ({
    kind: type.kind,
    receiver: type.create(name, options, context),
  }))
}

/** How each is doing; those that are no longer configured but still have notifications come last. */
export function receiverStatuses(
  built: readonly BuiltReceiver[],
  undelivered: readonly Undelivered[],
): readonly ReceiverStatus[] {
  const rest = new Map(undelivered.map((each) => [each.receiver, each]))
  const configured = built.map(({ kind, receiver: { name, address, fault = null } }) => {
    const counts = rest.get(name)
    rest.delete(name)
    return statusOf({ name, kind, address, fault }, counts)
  })
  const gone = [...rest.values()].map((counts) =>
    statusOf({ name: counts.receiver, kind: null, address: null, fault: null }, counts),
  )
  return [...configured, ...gone]
}

function statusOf(
  facts: Pick<ReceiverStatus, 'name' | 'kind' | 'address' | 'fault'>,
  counts: Undelivered | undefined,
): ReceiverStatus {
  const { waiting = 0, waitingError = null, parked = 0, parkedError = null } = counts ?? {}
  return { ...facts, waiting, waitingError, parked, parkedError }
}

export class RunningReceivers {
  readonly byName: ReadonlyMap<string, Receiver>
  readonly #parts: RunningReceiversParts
  readonly #built: readonly BuiltReceiver[]
  readonly #listeners = new Set<(deploy: Deploy) => void>()

  constructor(parts: RunningReceiversParts) {
    const { config, clock, screen, log, since } = parts
    this.#parts = parts
    this.#built = buildReceivers(config, {
      clock,
      screen,
      log,
      since,
      onDeploy: (listener) => {
        this.#listeners.add(listener)
        return () => this.#listeners.delete(listener)
      },
    })
    this.byName = new Map(this.#built.map(({ receiver }) => [receiver.name, receiver]))
  }

  /** Opens what receivers keep open between notifications. */
  start(): void {
    for (const { receiver } of this.#built) {
      this.#guard(receiver.name, 'cannot be opened; it is tried again for its first page', () =>
        receiver.start?.(),
      )
    }
  }

  /** Ends what was opened; the outbox must have stopped. */
  async close(): Promise<void> {
    await Promise.all(
      this.#built.map(async ({ receiver }) => {
        try {
          await receiver.close?.()
        } catch (error) {
          this.#complain(receiver.name, 'did not close cleanly', error)
        }
      }),
    )
  }

  /** The body of a page for the receiver that it names; '' when there is none, which the outbox
   *  then says. */
  render(page: Page): string {
    return this.byName.get(page.receiver)?.render(page) ?? ''
  }

  /** Tells deploys that were committed, new or amended. */
  tell(deploys: readonly Deploy[]): void {
    for (const deploy of deploys) {
      for (const listener of this.#listeners) {
        this.#guard(null, 'a deploy could not be told', () => listener(deploy))
      }
    }
  }

  async status(): Promise<readonly ReceiverStatus[]> {
    return receiverStatuses(this.#built, await this.#parts.state.undelivered())
  }

  /** Brings the gauges up to date; where the store cannot be read they stay as they are, since the
   *  other metrics are wanted then most. */
  async measure(): Promise<void> {
    const { metrics } = this.#parts
    const waits = metrics.gauge('lastpush_notifications_waiting', 'Notifications that are tried again or not tried yet.') // prettier-ignore
    const parks = metrics.gauge('lastpush_notifications_parked', 'Notifications that a receiver has refused for good.') // prettier-ignore
    const faults = metrics.gauge('lastpush_receiver_fault', '1 while a receiver that keeps a connection has none.') // prettier-ignore
    for (const { name: receiver, waiting, parked, fault } of await this.status().catch(() => [])) {
      waits.set(waiting, { receiver })
      parks.set(parked, { receiver })
      faults.set(fault === null ? 0 : 1, { receiver })
    }
  }

  #guard(name: string | null, what: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#complain(name, what, error)
    }
  }

  #complain(receiver: string | null, what: string, error: unknown): void {
    this.#parts.log.error({ receiver, error: String(error) }, `receiver: ${what}`)
  }
}

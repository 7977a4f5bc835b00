/** The silences of a daemon: kept in the state, asked by the dispatcher at the moment it tells. */
import { isoTime, type Clock } from '../flow/time.ts'
import type { Alert } from '../model/alert.ts'
import { LastpushError } from '../model/errors.ts'
import { silenceState, type Silence } from '../model/silence.ts'
import { parseQuery, type Query } from '../query/query.ts'
import type { State } from '../store/state.ts'
import { picks } from './match.ts'
import { readSilence } from './silence-report.ts'

/** Silences that are not over; each is asked for each alert that is told. */
const openMax = 1_000
/** Ended ones are kept for so long, so that people see who muted what, ms. */
const endedKeptMs = 30 * 86_400_000

interface Known {
  readonly silence: Silence
  readonly query: Query
}

export class Silences {
  readonly #state: Pick<State, 'records' | 'dispatch'>
  readonly #clock: Clock
  #known = new Map<string, Known>()

  constructor(state: Pick<State, 'records' | 'dispatch'>, clock: Clock) {
    this.#state = state
    this.#clock = clock
  }

  /** Takes up what an earlier process has committed. */
  async restore(): Promise<void> {
    const records = [...(await this.#state.records('silence')).values()] as Silence[]
    this.#known = new Map(records.map((silence) => [silence.id, compiled(silence)]))
  }

  /** Those that are not over, and those that ended in the last 30 days; newest start first. */
  list(): readonly Silence[] {
    return [...this.#known.values()]
      .map(({ silence }) => silence)
      .sort((a, b) => (a.startsAt < b.startsAt ? 1 : -1))
  }

  /**
   * Commits a silence.
   * @param report As it was posted; silence-report.ts says what it may hold.
   * @throws LastpushError SILENCE_INVALID.
   */
  async add(report: unknown): Promise<Silence> {
    const now = this.#clock.now()
    const silence = readSilence(report, now)
    const open = this.list().filter((each) => silenceState(each, now) !== 'ended')
    if (open.length >= openMax) {
      const message = `there are ${openMax} silences already: end some, or write a wider query`
      throw new LastpushError('SILENCE_INVALID', message)
    }
    await this.#put(silence, now)
    return silence
  }

  /** Ends a silence now; one that is over stays as it is. @throws LastpushError SILENCE_UNKNOWN. */
  async end(id: string): Promise<Silence> {
    const now = this.#clock.now()
    const known = this.#known.get(id)?.silence
    if (known === undefined) {
      throw new LastpushError('SILENCE_UNKNOWN', `no silence ${JSON.stringify(id)} is known`)
    }
    if (silenceState(known, now) === 'ended') return known
    const endsAt = isoTime(now)
    // One that has not begun ends where it would begin, so that it never was active.
    const startsAt = known.startsAt > endsAt ? endsAt : known.startsAt
    const ended = { ...known, startsAt, endsAt }
    await this.#put(ended, now)
    return ended
  }

  /** The silence that mutes an alert at this moment; the one that ends last; null when none does. */
  mutedBy(alert: Alert): Silence | null {
    const now = this.#clock.now()
    let longest: Silence | null = null
    for (const { silence, query } of this.#known.values()) {
      if (silenceState(silence, now) !== 'active' || !picks(query, alert)) continue
      if (longest === null || silence.endsAt > longest.endsAt) longest = silence
    }
    return longest
  }

  async #put(silence: Silence, now: number): Promise<void> {
    const old = this.list().filter((each) => now - Date.parse(each.endsAt) > endedKeptMs)
    const records = [
      { kind: 'silence' as const, key: silence.id, value: silence },
      ...old.map(({ id }) => ({ kind: 'silence' as const, key: id, value: null })),
    ]
    await this.#state.dispatch({ dispatched: [], records, notifications: [] })
    this.#known.set(silence.id, compiled(silence))
    for (const { id } of old) this.#known.delete(id)
  }
}

/** How many of the alerts the query of a silence picks, whether it is active or not. */
export function pickedBy(silence: Silence, alerts: readonly Alert[]): number {
  const { query } = compiled(silence)
  return alerts.filter((alert) => picks(query, alert)).length
}

function compiled(silence: Silence): Known {
  return { silence, query: parseQuery(silence.query) }
}

/** Tree → predicate over one kept event: the same decisions as over the columns of a batch
 *  (match.ts), for indexes that hold events as documents. */
import { isoTime } from '../flow/time.ts'
import { ValueColumn } from '../model/columns.ts'
import { bind, type Reader } from './match.ts'
import { messageField, type Query } from './tree.ts'

/** What a query may ask of an event. */
export interface SearchedEvent {
  /** Event time, ms since the epoch. */
  readonly time: number
  /** The line; bare terms look at it where there is no message. */
  readonly text: string
  /** Every field that has a value, `time` aside. */
  readonly values: ReadonlyMap<string, string | number>
}

/** Binds a query once, for any number of events. */
export function matchEvents(query: Query): (event: SearchedEvent) => boolean {
  let event: SearchedEvent = { time: NaN, text: '', values: new Map() }
  const time: Reader = {
    text: () => isoTime(event.time),
    number: () => event.time,
    has: () => true,
  }
  const matches = bind(query, {
    field: (name) => (name === 'time' ? time : new EventField(name, () => event)),
    texts: () => [messageOf(event)],
  })
  return (asked) => {
    event = asked
    return matches(0)
  }
}

/** The text that bare terms look at. */
export function messageOf({ text, values }: SearchedEvent): string {
  const message = values.get(messageField)
  return message === undefined ? text : String(message)
}

/** One field of the event in hand, read as a column of one row. */
class EventField implements Reader {
  readonly #name: string
  readonly #event: () => SearchedEvent
  readonly #column = new ValueColumn(1)

  constructor(name: string, event: () => SearchedEvent) {
    this.#name = name
    this.#event = event
  }

  text(): string | null {
    return this.#current().text(0)
  }

  number(): number | null {
    return this.#current().number(0)
  }

  has(): boolean {
    return this.#current().has(0)
  }

  #current(): ValueColumn {
    this.#column.values[0] = this.#event().values.get(this.#name) ?? null
    return this.#column
  }
}

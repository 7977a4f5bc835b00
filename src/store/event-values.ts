/** What queries may ask of an indexed event, and the words by which it is found: the one reading of
 *  an EventDocument that every index shares. */
import { toNumber } from '../model/columns.ts'
import { messageOf, type SearchedEvent } from '../query/match-event.ts'
import { fold, wordsOf } from '../query/tree.ts'
import type { EventDocument } from './events.ts'

/** Facts of a document that are fields to a query. Those of `fields` have the same names and, but
 *  for `status`, always the same values. */
export const ownFields = ['service', 'env', 'source', 'level', 'signature', 'sha'] as const

/** The event as queries see it. */
export function searched(event: EventDocument): SearchedEvent {
  const values = new Map<string, string | number>(Object.entries(event.fields))
  for (const name of ownFields) {
    const value = event[name]
    if (value === null) values.delete(name)
    else values.set(name, value)
  }
  // The field keeps what the line says, such as "0200"; the fact is the number of it.
  if (event.status !== null && !values.has('status')) values.set('status', event.status)
  return { time: event.time, text: event.text, values }
}

/** The words that bare terms are compared with, in their order. */
export function searchedWords(event: SearchedEvent): string[] {
  return wordsOf(fold(messageOf(event)))
}

/** The number that ranges compare; null when the value is none. */
export function searchedNumber(value: string | number): number | null {
  return typeof value === 'number' ? value : toNumber(value)
}

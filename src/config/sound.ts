/** What of a faulty lastpush.yaml can still be checked: the document without the parts in which its
 *  schema has found faults, so that those of all other parts are told with them. */
import type { Fault } from '../model/errors.ts'
import { fieldPath } from '../yaml/place.ts'

/** Parts whose entries stand for themselves. */
const lists = new Set(['sources', 'receivers'])

export interface Sound {
  /** To be checked by the schema again. */
  readonly value: object
  /** Entry of `value.sources` → entry of the document's. */
  readonly sources: readonly number[]
}

/** @returns null when the document is no map of keys, or is at fault as a whole. */
export function soundParts(value: unknown, faults: readonly Fault[]): Sound | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const bad = faults.map(({ place }) => fieldPath(place.field ?? ''))
  if (bad.some(({ length }) => length === 0)) return null
  const isBad = (key: string): boolean =>
    bad.some((path) => path[0] === key && (path.length === 1 || !lists.has(key)))
  const isBadEntry = (key: string, entry: string): boolean =>
    bad.some((path) => path[0] === key && String(path[1]) === entry)
  const kept = Object.entries(value).filter(([key]) => !isBad(key))
  const sound = kept.map(([key, part]: [string, unknown]) => {
    if (!lists.has(key) || typeof part !== 'object' || part === null) return [key, part]
    if (Array.isArray(part)) return [key, part.filter((_, at) => !isBadEntry(key, String(at)))]
    return [key, Object.fromEntries(Object.entries(part).filter(([at]) => !isBadEntry(key, at)))]
  })
  return { value: Object.fromEntries(sound) as object, sources: soundSources(kept, isBadEntry) }
}

function soundSources(
  kept: readonly (readonly [string, unknown])[],
  isBadEntry: (key: string, entry: string) => boolean,
): readonly number[] {
  const sources = kept.find(([key]) => key === 'sources')?.[1]
  if (!Array.isArray(sources)) return []
  return [...sources.keys()].filter((at) => !isBadEntry('sources', String(at)))
}

/** Which deploy was in effect where and when: all known deploys, in memory, by scope and start.
 *  Storing them is left to store/, re-attributing alerts to alerts/. Reports may come late, twice
 *  and amended, in any order; each `add` says from which event time on answers have changed.
 *
 *  A deploy without service holds for its whole environment; a question without service means the
 *  newest deploy of any service there. What a report leaves out (`previous`, that it is a rollback)
 *  is filled in from its neighbours and follows them when a late report comes between; once stored
 *  and read back it counts as reported. */
import { shortHash } from '../model/alert.ts'
import { sameSha, type Deploy } from '../model/deploy.ts'
import { isOneDeploy, merge } from './merge.ts'
import {
  around,
  compareEntries,
  firstAfter,
  inEffectAt,
  insertSorted,
  upperBound,
  type Entry,
} from './scope-list.ts'

/** Deploys kept; the oldest go. */
const deploysMax = 10_000
/** Reports merged into one deploy that can be found by their own id. */
const idsMax = 100
/** How many earlier deploys of a scope a SHA is compared with to call it a rollback. */
const rollbackLookBack = 100

/** What adding a report did. */
interface Added {
  readonly changed: boolean
  readonly deploy: Deploy
  /** Event time from which `inEffect` may answer differently, ms; the deploy's start if nothing
   *  changed. */
  readonly from: number
  /** Every deploy whose facts changed, itself included: what has to be stored. */
  readonly touched: readonly Deploy[]
}

export class DeployTracker {
  readonly #max: number
  /** Of one service, or of none: the environment's own. */
  readonly #own = new Map<string, Entry[]>()
  /** Of a whole environment, whatever the service. */
  readonly #all = new Map<string, Entry[]>()
  readonly #ids = new Map<string, Entry>()
  #size = 0

  /** @param max Deploys kept. */
  constructor(max = deploysMax) {
    this.#max = max
  }

  get size(): number {
    return this.#size
  }

  /** Takes a report: as a new deploy, or as an amendment of the one that it means. */
  add(report: Deploy): Added {
    const list = this.#own.get(keyOf(report.env, report.service)) ?? []
    const id = this.#idOf(report, list)
    const known = this.#ids.get(id) ?? findSame(list, report)
    if (known !== null) return this.#amend(known, report, id)
    const entry = entryOf({ ...report, id })
    this.#insert(entry)
    this.#ids.set(id, entry)
    const touched = this.#fill(entry)
    const dropped = this.#size > this.#max ? this.#dropOldest() : null
    const result = { deploy: entry.deploy, from: entry.startMs }
    if (dropped === entry) return { ...result, changed: false, touched: [] }
    return { ...result, changed: true, touched: withSelf(touched, entry) }
  }

  /** The deploy that an event of this time met: the newest with start <= t that did not fail. At the
   *  same second a service's own deploy wins over one of the environment. */
  inEffect(timeMs: number, env: string, service: string | null): Deploy | null {
    const found = this.#lists(env, service).map((list) => inEffectAt(list, timeMs))
    return lastOf(found)?.deploy ?? null
  }

  /** The deploy that was in effect in its scope until this one; null when none is known. */
  before(deploy: Deploy): Deploy | null {
    const entry = this.#ids.get(deploy.id) ?? entryOf(deploy)
    const lists = this.#lists(entry.report.env, entry.report.service)
    return lastOf(lists.map((list) => around(list, entry).before))?.deploy ?? null
  }

  /** The deploy that superseded it in its scope; null while it is in effect. */
  next(deploy: Deploy): Deploy | null {
    const entry = this.#ids.get(deploy.id) ?? entryOf(deploy)
    const lists = this.#lists(entry.report.env, entry.report.service)
    return firstOf(lists.map((list) => around(list, entry).next))?.deploy ?? null
  }

  /** Start of the first deploy of a scope after a time, ms; null when none is known. */
  nextStart(timeMs: number, env: string, service: string | null): number | null {
    const found = this.#lists(env, service).map((list) => firstAfter(list, timeMs))
    return firstOf(found)?.startMs ?? null
  }

  /** Also by the id of a report that was merged into it. */
  byId(id: string): Deploy | null {
    return this.#ids.get(id)?.deploy ?? null
  }

  /** All kept deploys, failed ones too, oldest start first. */
  list(): Deploy[] {
    const entries = [...this.#all.values()].flat()
    return entries.sort(compareEntries).map(({ deploy }) => deploy)
  }

  /** The lists that decide for a scope. */
  #lists(env: string, service: string | null): readonly (readonly Entry[] | undefined)[] {
    if (service === null) return [this.#all.get(env)]
    return [this.#own.get(keyOf(env, service)), this.#own.get(keyOf(env, null))]
  }

  /** Its id, unless another scope has taken that: build numbers are often used for many services. */
  #idOf(report: Deploy, list: readonly Entry[]): string {
    const named = this.#ids.get(report.id)
    if (named === undefined || list.includes(named)) return report.id
    return shortHash([report.id, report.env, report.service ?? ''])
  }

  #amend(known: Entry, report: Deploy, id: string): Added {
    if (!this.#ids.has(id) && known.ids.length < idsMax) {
      known.ids.push(id)
      this.#ids.set(id, known)
    }
    const merged = merge(known.report, report)
    const from = Math.min(known.startMs, Date.parse(merged.start))
    if (equal(known.report, merged)) {
      return { changed: false, deploy: known.deploy, from, touched: [] }
    }
    this.#remove(known)
    known.report = merged
    known.startMs = from
    this.#insert(known)
    const touched = this.#fill(known)
    return { changed: true, deploy: known.deploy, from, touched: withSelf(touched, known) }
  }

  #insert(entry: Entry): void {
    const { env, service } = entry.report
    insertSorted(listAt(this.#own, keyOf(env, service)), entry)
    insertSorted(listAt(this.#all, env), entry)
    this.#size++
  }

  #remove(entry: Entry): void {
    const { env, service } = entry.report
    dropFrom(this.#own, keyOf(env, service), entry)
    dropFrom(this.#all, env, entry)
    this.#size--
  }

  #dropOldest(): Entry | null {
    const oldest = firstOf([...this.#all.values()].map((list) => list[0] ?? null))
    if (oldest === null) return null
    this.#remove(oldest)
    for (const id of oldest.ids) this.#ids.delete(id)
    return oldest
  }

  /** Renews what neighbours tell about an entry and those that look back at it. */
  #fill(entry: Entry): Deploy[] {
    const list = this.#own.get(keyOf(entry.report.env, entry.report.service)) ?? []
    const from = list.indexOf(entry)
    const touched: Deploy[] = []
    for (let index = from; index <= from + rollbackLookBack; index++) {
      const at = list[index]
      if (at === undefined) break
      const deploy = filled(list, index, at.report)
      if (equal(deploy, at.deploy)) continue
      at.deploy = deploy
      touched.push(deploy)
    }
    return touched
  }
}

function entryOf(report: Deploy): Entry {
  return { startMs: Date.parse(report.start), report, deploy: report, ids: [report.id] }
}

/** JSON cannot be ambiguous about the two names. */
function keyOf(env: string, service: string | null): string {
  return JSON.stringify([env, service])
}

/** The deploy of a scope that a report without a known id amends. Looks outward from its start
 *  until another SHA was at work: that makes two deploys of what came before and after it. */
function findSame(list: readonly Entry[], report: Deploy): Entry | null {
  const start = Date.parse(report.start)
  const at = upperBound(list, start)
  for (const step of [-1, 1]) {
    for (let index = step < 0 ? at - 1 : at; ; index += step) {
      const entry = list[index]
      if (entry === undefined) break
      if (isOneDeploy(entry.report, report) && isUnique(list, entry.report.sha, report.sha)) {
        return entry
      }
      if (entry.report.status !== 'failed' && entry.startMs !== start) break
    }
  }
  return null
}

/** False when the shorter SHA is a prefix of two different ones of the scope. */
function isUnique(list: readonly Entry[], a: string, b: string): boolean {
  if (a === b) return true
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  return list.every(({ report }) => !sameSha(short, report.sha) || sameSha(long, report.sha))
}

/** A report with `previous` and `rollback` filled in from the deploys before it in its list. A
 *  repetition of the SHA that was at work already is no rollback. */
function filled(list: readonly Entry[], index: number, report: Deploy): Deploy {
  let previous: string | null = null
  let rollback = false
  for (let at = index - 1; at >= Math.max(0, index - rollbackLookBack); at--) {
    const earlier = list[at]?.report
    if (earlier === undefined || earlier.status === 'failed') continue
    const again = sameSha(earlier.sha, report.sha) && isUnique(list, earlier.sha, report.sha)
    if (again && previous === null) return { ...report, previous: report.previous ?? earlier.sha }
    previous ??= earlier.sha
    rollback ||= again
    if (rollback) break
  }
  const kind = rollback && report.kind === 'push' ? 'rollback' : report.kind
  return { ...report, previous: report.previous ?? previous, kind }
}

function listAt(lists: Map<string, Entry[]>, key: string): Entry[] {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  return list
}

function dropFrom(lists: Map<string, Entry[]>, key: string, entry: Entry): void {
  const list = lists.get(key) ?? []
  const at = list.indexOf(entry)
  if (at >= 0) list.splice(at, 1)
  if (list.length === 0) lists.delete(key)
}

function lastOf(entries: readonly (Entry | null)[]): Entry | null {
  return firstOf(entries, -1)
}

/** The least entry by `compareEntries`, or with sign -1 the greatest. */
function firstOf(entries: readonly (Entry | null)[], sign = 1): Entry | null {
  let first: Entry | null = null
  for (const entry of entries) {
    if (entry === null) continue
    if (first === null || sign * compareEntries(entry, first) < 0) first = entry
  }
  return first
}

function withSelf(touched: readonly Deploy[], { deploy }: Entry): readonly Deploy[] {
  return touched.includes(deploy) ? touched : [deploy, ...touched]
}

function equal(a: Deploy, b: Deploy): boolean {
  return (Object.keys(a) as (keyof Deploy)[]).every((name) => a[name] === b[name])
}

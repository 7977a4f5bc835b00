/** Step 7 of a line's way: gathers what has changed since the last commit into one transaction. */
import type { Deploy } from '../model/deploy.ts'
import { scopeOf } from '../model/scope.ts'
import type { ItemKind } from '../model/verdict.ts'
import type { EventDocument } from '../store/events.ts'
import type { Commit, PaneDelta, RecordPut, SignatureDelta } from '../store/state.ts'
import { itemOf } from '../windows/history.ts'
import type { EngineChanges } from './engine.ts'
import { mergeSignature, type ItemCount, type Partial } from './partial.ts'

export class Epoch {
  readonly #items = new Map<string, Map<string, Map<number, ItemCount>>>()
  readonly #signatures = new Map<string, SignatureDelta>()
  readonly #deploys = new Map<string, Deploy>()
  readonly #backlog = new Map<string, EventDocument>()
  #touched = false

  /** True when there is nothing to commit. */
  get empty(): boolean {
    return !this.#touched
  }

  /** Notes that something outside the epoch (a partition, a series) wants committing. */
  touch(): void {
    this.#touched = true
  }

  addPartial(partial: Partial): void {
    this.#touched = true
    for (const [scope, items] of partial.items) {
      const known = getOrAdd(this.#items, scope)
      for (const [item, seconds] of items) {
        const target = getOrAdd(known, item)
        for (const [second, counts] of seconds) {
          const sum = target.get(second)
          if (sum === undefined) target.set(second, { ...counts })
          else {
            sum.count += counts.count
            sum.late += counts.late
            sum.judged += counts.judged
          }
        }
      }
    }
    for (const [scope, signatures] of partial.signatures) {
      for (const delta of signatures.values()) {
        const key = `${scope}\n${delta.id}`
        const known = this.#signatures.get(key)
        this.#signatures.set(key, known === undefined ? delta : mergeSignature(known, delta))
      }
    }
    for (const event of partial.events) this.addEvent(event)
  }

  /** Puts an event into the index's backlog, or replaces it there. */
  addEvent(event: EventDocument): void {
    this.#touched = true
    this.#backlog.set(event.id, event)
  }

  addDeploy(deploy: Deploy): void {
    this.#touched = true
    this.#deploys.set(deploy.id, deploy)
  }

  /** The transaction: what was gathered, with the engine's changes and the given records. */
  toCommit(changes: EngineChanges, records: readonly RecordPut[]): Commit {
    return {
      records: [...records, ...changes.records],
      panes: this.#panes(),
      signatures: [...this.#signatures.values()],
      alerts: changes.alerts,
      transitions: [...changes.transitions].sort((a, b) => a.at - b.at),
      deploys: [...this.#deploys.values()],
      backlog: [...this.#backlog.values()],
    }
  }

  #panes(): PaneDelta[] {
    const panes: PaneDelta[] = []
    for (const [scope, items] of this.#items) {
      for (const [item, seconds] of items) {
        const { kind, id } = itemOf(item)
        for (const [second, { count, late }] of seconds) {
          panes.push({ ...scopeOf(scope), kind: kind as ItemKind, id, second, count, late })
        }
      }
    }
    return panes
  }
}

function getOrAdd<K, V>(map: Map<string, Map<K, V>>, key: string): Map<K, V> {
  let found = map.get(key)
  if (found === undefined) {
    found = new Map()
    map.set(key, found)
  }
  return found
}

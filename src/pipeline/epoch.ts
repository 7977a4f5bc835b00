/** Step 7 of a line's way: gathers what has changed since the last commit into one transaction. */
import type { Deploy } from '../model/deploy.ts'
import { scopeOf } from '../model/scope.ts'
import type { ItemKind } from '../model/verdict.ts'
import type { EventDocument } from '../store/events.ts'
import type { Commit, PaneDelta, RecordPut, SignatureDelta } from '../store/state.ts'
import { itemOf } from '../windows/history.ts'
import type { EngineChanges } from './engine.ts'
import { ItemPanes } from './item-panes.ts'
import { getOrMake, mergeSignature, type Partial } from './partial.ts'

export class Epoch {
  readonly #items = new Map<string, ItemPanes>()
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
      getOrMake(this.#items, scope, () => new ItemPanes()).merge(items)
    }
    for (const [scope, deltas] of partial.signatures) {
      for (const delta of deltas.values()) {
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
      panes: panesOf(this.#items),
      signatures: [...this.#signatures.values()],
      alerts: changes.alerts,
      transitions: [...changes.transitions].sort((a, b) => a.at - b.at),
      deploys: [...this.#deploys.values()],
      backlog: [...this.#backlog.values()],
    }
  }
}

function panesOf(items: ReadonlyMap<string, ItemPanes>): PaneDelta[] {
  const panes: PaneDelta[] = []
  for (const [scope, table] of items) {
    const { service, env } = scopeOf(scope)
    table.each((item, second, count, late) => {
      const { kind, id } = itemOf(item)
      panes.push({ service, env, kind: kind as ItemKind, id, second, count, late })
    })
  }
  return panes.sort((a, b) => a.second - b.second)
}

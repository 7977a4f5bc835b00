/** What goes into one commit: everything that a stretch of lines has changed, the positions behind
 *  those lines included. When an epoch ends is decided by epochs.ts; how a restart goes on from the
 *  last one that was committed, by resume.ts. */
import type { Deploy } from '../../model/deploy.ts'
import { scopeOf } from '../../model/scope.ts'
import type { ItemKind } from '../../model/verdict.ts'
import type { EventDocument } from '../../store/events.ts'
import type { Commit, PaneDelta, RecordPut, SignatureDelta } from '../../store/state.ts'
import { itemOf } from '../../windows/history.ts'
import type { EngineChanges } from '../engine.ts'
import { ItemPanes } from '../item-panes.ts'
import { getOrMake, mergeSignature, type Partial } from '../partial.ts'
import type { PartitionState } from '../partition.ts'

export class Epoch {
  readonly #items = new Map<string, ItemPanes>()
  readonly #signatures = new Map<string, SignatureDelta>()
  readonly #deploys = new Map<string, Deploy>()
  readonly #backlog = new Map<string, EventDocument>()
  readonly #partitions = new Set<PartitionState>()

  addPartial(partial: Partial): void {
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
    // One that continues replaces itself: the backlog holds an event once.
    for (const event of partial.events) this.#backlog.set(event.id, event)
  }

  addDeploy(deploy: Deploy): void {
    this.#deploys.set(deploy.id, deploy)
  }

  /** A partition has moved on. Its position is in the same transaction as what was counted up to
   *  it, and is as of the end of the epoch. */
  addPartition(partition: PartitionState): void {
    this.#partitions.add(partition)
  }

  /**
   * Ends the epoch: what was gathered and what the engine has changed, as one transaction.
   * @param scopes How far each scope has come; asked for when there is something to commit.
   * @returns null when nothing has changed.
   */
  end(changes: EngineChanges, scopes: () => readonly RecordPut[]): Commit | null {
    const gathered = [this.#partitions, this.#items, this.#signatures, this.#deploys, this.#backlog]
    const changed = [changes.records, changes.alerts, changes.transitions]
    const isEmpty = gathered.every(({ size }) => size === 0)
    if (isEmpty && changed.every(({ length }) => length === 0)) return null
    const partitions = [...this.#partitions].map((state): RecordPut => {
      return { kind: 'partition', key: state.partition, value: { ...state } }
    })
    return {
      records: [...partitions, ...scopes(), ...changes.records],
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

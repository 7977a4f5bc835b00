/** Keeps the state small: coarser panes with age, and nothing past retention. It works in parts,
 *  each a short transaction, so that commits take their turn between them.
 *  Deploys in effect at the end of the retention stay: events after it are still theirs. */
import type Database from 'better-sqlite3'
import type { CompactStep } from './writer-messages.ts'

/** Panes that one part of the work reads at most, give or take one coarse pane. */
const panesPerStep = 10_000

const hourMs = 3_600_000

/** Each age from which panes are wider: seconds from, seconds to. */
const ladder = [
  { from: 1, to: 60, afterMs: 48 * hourMs },
  { from: 60, to: 3_600, afterMs: 14 * 24 * hourMs },
] as const

const widths = [1, 60, 3_600] as const

/** Returns a function that does one part and says whether more is left. */
export function compaction(db: Database.Database): (step: CompactStep) => boolean {
  const panes = paneCompaction(db)
  const retention = retentionDeletes(db)
  return ({ now, keepMs }) => {
    const keepFrom = now - keepMs
    let more = false
    for (const width of widths) {
      more = panes.forget(width, Math.floor(keepFrom / 1_000) - width + 1) || more
    }
    for (const { from, to, afterMs } of ladder) {
      more = panes.coarsen(from, to, Math.floor((now - afterMs) / 1_000)) || more
    }
    if (!more) retention(keepFrom)
    return more
  }
}

function paneCompaction(db: Database.Database): {
  forget: (width: number, before: number) => boolean
  coarsen: (from: number, to: number, before: number) => boolean
} {
  const last = db
    .prepare<[number, number, number], number>(
      `SELECT start FROM pane WHERE width = ? AND start < ? ORDER BY start LIMIT 1 OFFSET ?`,
    )
    .pluck()
  // SQLite's remainder has the sign of the dividend; adding `to` first rounds times before 1970
  // downwards, too.
  const add = db.prepare(
    `INSERT INTO pane (width, start, env, service, kind, id, count, late)
     SELECT @to, start - (start % @to + @to) % @to AS coarse, env, service, kind, id,
       sum(count), sum(late)
     FROM pane WHERE width = @from AND start < @end GROUP BY coarse, env, service, kind, id
     ON CONFLICT (width, start, env, service, kind, id)
     DO UPDATE SET count = count + excluded.count, late = late + excluded.late`,
  )
  const remove = db.prepare(`DELETE FROM pane WHERE width = @from AND start < @end`)

  /** End of the part: whole coarse panes, the last of which holds pane number `panesPerStep`. */
  function partEnd(width: number, coarse: number, before: number): number {
    const start = last.get(width, before, panesPerStep - 1)
    return start === undefined
      ? before
      : Math.min(before, Math.floor(start / coarse) * coarse + coarse)
  }

  return {
    forget(width, before) {
      const end = partEnd(width, width, before)
      remove.run({ from: width, end })
      return end < before
    },
    coarsen(from, to, before) {
      const wholeBefore = Math.floor(before / to) * to
      const end = partEnd(from, to, wholeBefore)
      add.run({ from, to, end })
      remove.run({ from, end })
      return end < wholeBefore
    },
  }
}

function retentionDeletes(db: Database.Database): (keepFrom: number) => void {
  const deletes = [
    `DELETE FROM signature WHERE last_seen < @keepFrom`,
    `DELETE FROM alert WHERE state = 'resolved' AND ends_ms < @keepFrom`,
    `DELETE FROM notification WHERE state IN ('delivered', 'suppressed') AND created_at < @keepFrom`,
    `DELETE FROM transition WHERE dispatched = 1 AND at < @keepFrom`,
    `DELETE FROM deploy WHERE start_ms < @keepFrom AND EXISTS (
       SELECT 1 FROM deploy AS later
       WHERE later.env = deploy.env AND later.service = deploy.service
         AND later.start_ms <= @keepFrom
         AND (later.start_ms, later.id) > (deploy.start_ms, deploy.id))`,
  ].map((sql) => db.prepare(sql))
  return (keepFrom) => {
    for (const statement of deletes) statement.run({ keepFrom })
  }
}

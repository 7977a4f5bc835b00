/** When two reports mean one deploy, and what that deploy then is. The tracker decides which known
 *  deploys a report is held against; here are only the two pure questions. */
import { sameSha, type Deploy, type DeployStatus } from '../model/deploy.ts'

/** Reports of one SHA that are no further apart are one roll-out over several hosts, ms. */
const adjacentMs = 300_000
/** A deploy that is still running takes reports of its SHA for so long, ms. */
const runningMaxMs = 6 * 3_600_000

/** True when both intervals overlap or nearly do, and neither says that the other failed. The
 *  caller has made sure that both are of one scope, and that no other SHA came between. */
export function isOneDeploy(a: Deploy, b: Deploy): boolean {
  if (a.id === b.id) return true
  if (!sameSha(a.sha, b.sha)) return false
  // A failed attempt and its successful repetition are two; only a running one can fail later.
  const failed = (a.status === 'failed') !== (b.status === 'failed')
  if (failed && a.status !== 'running' && b.status !== 'running') return false
  const [first, second] = Date.parse(a.start) <= Date.parse(b.start) ? [a, b] : [b, a]
  if (failed && first.status === 'failed') return false
  return Date.parse(second.start) <= reach(first)
}

/** Until when a report of the same SHA belongs to a deploy, ms. */
function reach(deploy: Deploy): number {
  const start = Date.parse(deploy.start)
  if (deploy.status === 'running') return start + runningMaxMs
  return (deploy.end === null ? start : Date.parse(deploy.end)) + adjacentMs
}

/**
 * What is known after an amendment: the earliest start, the latest end, the longer SHA; of the rest
 * what the newer report says, else what was known. The id stays, for alerts refer to it.
 * @param known The deploy as it was; `report` came after it, whatever its start.
 */
export function merge(known: Deploy, report: Deploy): Deploy {
  const status = statusOf(known, report)
  const sha =
    sameSha(known.sha, report.sha) && known.sha.length > report.sha.length ? known : report
  return {
    id: known.id,
    sha: sha.sha,
    previous: report.previous ?? known.previous,
    env: known.env,
    service: known.service,
    by: report.by ?? known.by,
    url: report.url ?? known.url,
    start: known.start < report.start ? known.start : report.start,
    end: status === 'running' ? null : laterOf(known.end, report.end),
    kind: report.kind === 'push' ? known.kind : report.kind,
    status,
  }
}

/** Reading a log again must not undo that somebody called a deploy failed: only a `done` that came
 *  to its end later does. */
function statusOf(known: Deploy, report: Deploy): DeployStatus {
  if (report.status === 'running') return known.status
  if (known.status !== 'failed' || report.status === 'failed') return report.status
  return (report.end ?? report.start) > (known.end ?? known.start) ? 'done' : 'failed'
}

/** RFC 3339 UTC in one width sorts as text. */
function laterOf(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b
  return a > b ? a : b
}

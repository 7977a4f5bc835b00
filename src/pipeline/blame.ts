/** Which deploy an alert names: the one that a line itself names, else the one in effect when it
 *  began; and the one in effect when it ended. */
import type { Blame, Onset } from '../alerts/state.ts'
import { suspects } from '../deploys/suspects.ts'
import type { DeployTracker } from '../deploys/tracker.ts'
import { sameSha, type Deploy } from '../model/deploy.ts'
import { scopeOf } from '../model/scope.ts'
import type { DeployView } from '../rules/rule.ts'
import type { History } from '../windows/history.ts'

/** What blame rests on. */
export interface BlameContext {
  readonly deploys: DeployTracker
  history(scope: string): History
}

/** What an alert is about, as far as blame needs to know. */
interface Beginning {
  /** Event time, ms. */
  readonly startsAt: number
  /** SHA that a line named; null when none did. */
  readonly named: string | null
  readonly scope: string
}

/** The deploys as a rule sees them that watches one scope. */
export function deployView(deploys: DeployTracker, scope: string): DeployView {
  const { service, env } = scopeOf(scope)
  return {
    inEffect: (time) => deploys.inEffect(time, env, service),
    before: (deploy) => deploys.before(deploy),
    byId: (id) => deploys.byId(id),
    nextStart: (time) => deploys.nextStart(time, env, service),
  }
}

/** @param until Second before which all counts are known. */
export function blameOf(context: BlameContext, beginning: Beginning, until: number): Blame {
  const { startsAt, named, scope } = beginning
  const { service, env } = scopeOf(scope)
  const { deploys } = context
  if (named !== null) {
    const deploy = deployNamed(deploys.list(), named, scope, startsAt)
    const whole = [{ sha: named, share: 1 }]
    return { sha: named, deploy: deploy?.id ?? null, suspects: whole, named, scope }
  }
  const deploy = deploys.inEffect(startsAt, env, service)
  if (deploy === null) return { sha: null, deploy: null, suspects: [], named, scope }
  const shares = suspects(deploys, context.history(scope), scope, startsAt, until)
  return { sha: deploy.sha, deploy: deploy.id, suspects: shares, named, scope }
}

/** SHA in effect where an alert ended (ms), when that is not the alert's own. */
export function fixedBy(deploys: DeployTracker, { blame }: Onset, endsAt: number): string | null {
  const { service, env } = scopeOf(blame.scope)
  const deploy = deploys.inEffect(endsAt, env, service)
  if (deploy === null || blame.sha === null) return null
  return sameSha(deploy.sha, blame.sha) ? null : deploy.sha
}

/** The deploy that a SHA on a line means: the newest of its scope up to then, else the first after,
 *  since a host may run new code before its deploy is said to have begun. */
function deployNamed(
  all: readonly Deploy[],
  sha: string,
  scope: string,
  time: number,
): Deploy | undefined {
  const { service, env } = scopeOf(scope)
  const fits = all.filter(
    (deploy) =>
      deploy.env === env &&
      (service === null || deploy.service === null || deploy.service === service) &&
      sameSha(deploy.sha, sha),
  )
  return fits.findLast(({ start }) => Date.parse(start) <= time) ?? fits[0]
}

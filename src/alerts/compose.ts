/** From an onset to the Alert that people and programs see: summary, times, attribution. */
import { isoTime } from '../flow/time.ts'
import type { Alert, AlertState } from '../model/alert.ts'
import type { Onset } from './state.ts'

/** What an alert takes from its rule. */
export interface AlertSource {
  readonly name: string
  readonly summary: string
}

/** The Alert of an onset in a given state; `fixedBy` only for a resolved one. */
export function composeAlert(
  source: AlertSource,
  onset: Onset,
  state: AlertState,
  endsAt: number | null,
  fixedBy: string | null,
): Alert {
  return {
    rule: source.name,
    labels: onset.labels,
    state,
    acknowledged: false,
    muted: false,
    nodata: onset.nodata,
    startsAt: isoTime(onset.startsAt),
    endsAt: endsAt === null ? null : isoTime(endsAt),
    sha: onset.blame.sha,
    deploy: onset.blame.deploy,
    fixedBy,
    suspects: onset.blame.suspects,
    value: onset.value,
    threshold: onset.threshold,
    summary: summaryOf(source.summary, onset),
    samples: onset.samples,
    fingerprint: onset.fingerprint,
  }
}

/** The filled template; sources that the decision had to do without are always named. */
function summaryOf(template: string, onset: Onset): string {
  const summary = fillTemplate(template, summaryFacts(onset))
  const missing = onset.facts['incomplete']
  return missing === undefined ? summary : `${summary} (incomplete: ${missing})`
}

/** `{name}` → the fact of that name; an unknown name is left as it stands. One pass, so that a
 *  value with braces is never expanded again. */
export function fillTemplate(template: string, facts: ReadonlyMap<string, string>): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => facts.get(name) ?? whole)
}

function summaryFacts(onset: Onset): ReadonlyMap<string, string> {
  const numbers: [string, string][] = []
  if (onset.value !== null) numbers.push(['value', String(onset.value)])
  if (onset.threshold !== null) numbers.push(['threshold', String(onset.threshold)])
  return new Map([...Object.entries(onset.labels), ...Object.entries(onset.facts), ...numbers])
}

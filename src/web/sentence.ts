/** The answer in one sentence, from alerts, deploys and the state of the sources. The page's title
 *  and header both say it. Prefers an alert that names a SHA to one that does not. */
import type { Alert } from '../model/alert.ts'
import type { Deploy } from '../model/deploy.ts'
import type { SourceStatus } from '../server/view.ts'
import { deployBySha, deployOf, kindWord, newestStarted, sameSha, shortSha } from './attribution.ts'
import { sourceState } from './sources.ts'
import { agoWords, counted } from './words.ts'

/** A stretch of the sentence; `age` changes every second and is left out of announcements. */
export interface Piece {
  readonly text: string
  readonly kind: 'plain' | 'subject' | 'sha' | 'age'
}

export interface Sentence {
  readonly tone: 'bad' | 'good' | 'unknown'
  readonly pieces: readonly Piece[]
}

/** What the sentence is made from; times in ms since the epoch. */
export interface Facts {
  readonly alerts: readonly Alert[]
  readonly deploys: readonly Deploy[]
  /** null: not known yet. */
  readonly sources: readonly Pick<SourceStatus, 'fault' | 'lagSeconds'>[] | null
  readonly nowMs: number
}

/** One sentence for the whole page. */
export function sentence(facts: Facts): Sentence {
  const firing = facts.alerts.filter((alert) => alert.state === 'firing')
  if (firing.length > 0) return failing(firing, facts)
  if (facts.sources?.length === 0) {
    return { tone: 'unknown', pieces: [plain('Nothing to watch: no source is configured')] }
  }
  if (facts.sources?.every((source) => sourceState(source) === 'blind') === true) {
    return { tone: 'unknown', pieces: [plain('Cannot tell: every source is blind')] }
  }
  return quiet(facts)
}

/** The sentence as plain text, without its age when it is to be announced only on change. */
export function sentenceText(said: Sentence, withAge = true): string {
  const pieces = withAge ? said.pieces : said.pieces.filter((piece) => piece.kind !== 'age')
  return pieces.map((piece) => piece.text).join('')
}

function failing(firing: readonly Alert[], facts: Facts): Sentence {
  const lead = [...firing].sort(byWeight)[0]
  if (lead === undefined) return quiet(facts)
  const group = firing.filter((alert) => groupOf(alert) === groupOf(lead))
  const deploy = deployOf(lead, facts.deploys)
  const names = subjects(group, deploy)
  const pieces: Piece[] = [
    { text: listed(names), kind: 'subject' },
    plain(names.length === 1 ? ' is failing' : ' are failing'),
  ]
  if (lead.sha === null) {
    pieces.push(plain(' and no push is known to be the cause'), age(lead.startsAt, facts.nowMs))
  } else {
    pieces.push(plain(` since ${kindWord(deploy)} `), { text: shortSha(lead.sha), kind: 'sha' })
    if (deploy?.by != null) pieces.push(plain(` by ${deploy.by}`))
    pieces.push(age(deploy?.start ?? lead.startsAt, facts.nowMs))
  }
  const others = firing.length - group.length
  if (others > 0) {
    pieces.push(plain(`; ${counted(others, 'other alert')} ${others === 1 ? 'fires' : 'fire'}`))
  }
  return { tone: 'bad', pieces }
}

function quiet(facts: Facts): Sentence {
  const newest = newestStarted(facts.deploys, facts.nowMs)
  if (newest === null) {
    return { tone: 'good', pieces: [plain('All quiet; no push is known yet')] }
  }
  const pieces = [
    plain(`All quiet since ${kindWord(newest)} `),
    { text: shortSha(newest.sha), kind: 'sha' } as const,
  ]
  const mended = [...facts.alerts]
    .sort((a, b) => Date.parse(b.startsAt) - Date.parse(a.startsAt))
    .find(({ fixedBy, sha }) => sha !== null && fixedBy !== null && sameSha(fixedBy, newest.sha))
  if (mended !== undefined && newest.by !== null) pieces.push(plain(` by ${newest.by}`))
  pieces.push(age(newest.start, facts.nowMs))
  if (mended?.sha != null) {
    const fixed = deployBySha(mended.sha, facts.deploys)?.sha ?? mended.sha
    pieces.push(plain(', which fixed '), { text: shortSha(fixed), kind: 'sha' })
  }
  return { tone: 'good', pieces }
}

/** Unmuted first, then those with a SHA, then the newest onset. */
function byWeight(a: Alert, b: Alert): number {
  return (
    Number(a.muted) - Number(b.muted) ||
    Number(a.sha === null) - Number(b.sha === null) ||
    Date.parse(b.startsAt) - Date.parse(a.startsAt) ||
    (a.fingerprint < b.fingerprint ? -1 : 1)
  )
}

function groupOf(alert: Alert): string {
  return alert.deploy ?? alert.sha ?? ''
}

/** Whom the alerts are about: services, else the deploy's, else the environment. */
function subjects(alerts: readonly Alert[], deploy: Deploy | null): string[] {
  const names = new Set<string>()
  for (const { labels } of alerts) {
    const service = labels['service'] ?? deploy?.service ?? null
    const env = labels['env'] ?? deploy?.env ?? 'production'
    if (service === null) names.add(env)
    else names.add(env === 'production' ? service : `${service} in ${env}`)
  }
  return [...names].sort()
}

/** "web", "api and web", "api, cron and 3 more". */
function listed(names: readonly string[]): string {
  if (names.length <= 2) return names.join(' and ')
  const rest = names.length - 2
  return rest === 1
    ? `${names[0]}, ${names[1]} and ${names[2]}`
    : `${names[0]}, ${names[1]} and ${rest} more`
}

function plain(text: string): Piece {
  return { text, kind: 'plain' }
}

function age(since: string, nowMs: number): Piece {
  return { text: `, ${agoWords(nowMs - Date.parse(since))}`, kind: 'age' }
}

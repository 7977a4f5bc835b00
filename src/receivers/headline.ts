/** The words that every receiver tells: the first line (service, what, how much, since which push,
 *  by whom) and the pieces below it. One line each, control characters shown as escapes; what a
 *  medium takes for markup is escaped by the receiver of that medium. Pure. */
import type { Alert } from '../model/alert.ts'
import { shortSha, type Deploy } from '../model/deploy.ts'
import { visible } from '../model/escape.ts'
import type { Page, PageReason } from '../model/page.ts'

const summaryCharactersMax = 500
const nameCharactersMax = 100
/** Of a link; PagerDuty and mail programs take no longer one, and a cut one leads nowhere. */
const linkCharactersMax = 2_000

/** The first word of every first line. */
export const titles: Readonly<Record<PageReason, string>> = {
  firing: 'FIRING',
  update: 'UPDATE',
  repeat: 'STILL FIRING',
  resolved: 'RESOLVED',
}

/** `FIRING web: 500s went from 0.2 to 12 a minute (value 42), since push 3f2a9c1b7e by alice`. */
export function headline(page: Page): string {
  const first = page.alerts[0]
  const deploy = deployOf(page, first)
  const service = first?.labels['service'] ?? deploy?.service ?? null
  const head = `${titles[page.reason]}${service === null ? '' : ` ${name(service)}`}`
  const what = cut(first?.summary ?? `alert group ${page.groupKey}`, summaryCharactersMax)
  const others = Math.max(page.alerts.length - 1, 0) + page.more
  const more = others > 0 ? ` and ${others} more` : ''
  const since = pushText(deploy, first?.sha ?? null)
  const fixed = page.status === 'resolved' ? fixText(page, first) : ''
  return `${head}: ${what}${measure(first)}${more}, since ${since}${fixed}`
}

/** The page as if it were about this alert alone, for a first line of its own. */
export function pageAbout(page: Page, alert: Alert): Page {
  const isOver = alert.state === 'resolved'
  const stillFiring = page.reason === 'resolved' ? 'update' : page.reason
  return {
    ...page,
    alerts: [alert],
    more: 0,
    reason: isOver ? 'resolved' : stillFiring,
    status: isOver ? 'resolved' : 'firing',
  }
}

/** The deploy that an alert is attributed to itself; null when none is known. */
export function deployOf(page: Page, alert: Alert | undefined): Deploy | null {
  return page.deploys.get(alert?.deploy ?? '') ?? null
}

/** The deploy that fixed an alert itself; null when none is known. */
export function fixOf(page: Page, alert: Alert | undefined): Deploy | null {
  return page.fixes.get(alert?.fixedBy ?? '') ?? null
}

/** `push 3f2a9c1b7e by alice`, as far as it is known. */
export function pushText(deploy: Deploy | null, sha: string | null): string {
  if (deploy === null) return sha === null ? 'an unknown push' : `push ${name(shortSha(sha))}`
  const noun = deploy.kind === 'config' ? 'config change' : deploy.kind
  const by = deploy.by === null ? '' : ` by ${name(deploy.by)}`
  return `${noun} ${name(shortSha(deploy.sha))}${by}`
}

/** The alerts after the first, at most `max` of them, a line each; the last line counts the rest.
 *  Push and fix are told where they are others than the first line has named. */
export function otherAlerts(page: Page, max: number, charactersMax: number): readonly string[] {
  const [first, ...others] = page.alerts
  const lines = others.slice(0, max).map((alert) => {
    const service = alert.labels['service']
    const head = service === undefined ? '' : `${name(service)}: `
    const samePush = alert.deploy === first?.deploy && alert.sha === first.sha
    const since = samePush ? '' : `, since ${pushText(deployOf(page, alert), alert.sha)}`
    const sameFix = page.status === 'resolved' && alert.fixedBy === first?.fixedBy
    const fixed = sameFix ? '' : fixText(page, alert)
    const state = alert.state === 'resolved' ? ` (resolved${fixed})` : ''
    return `${head}${cut(alert.summary, charactersMax)}${since}${state}`
  })
  const rest = others.length - lines.length + page.more
  return rest > 0 ? [...lines, `and ${rest} more`] : lines
}

/** The link of the page when it is a web address, else null. */
export function linkOf(page: Page): string | null {
  return webAddress(page.url)
}

/** An http or https address in its normal form, which has no space, quote or angle bracket in it;
 *  null for anything else, `javascript:` and what is too long for a link among it. */
export function webAddress(text: string | null): string | null {
  if (text === null || !URL.canParse(text)) return null
  const { protocol, href } = new URL(text)
  if (protocol !== 'http:' && protocol !== 'https:') return null
  const link = href.replace(/['|`]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)
  return link.length > linkCharactersMax ? null : link
}

/** Escaped, and cut before the escaping so that neither an escape nor a character is halved. */
export function cut(text: string, charactersMax: number): string {
  return text.length <= charactersMax
    ? visible(text)
    : `${visible(start(text, charactersMax - 1))}…`
}

/** At most so many UTF-16 units from the start, never half a surrogate pair. */
export function start(text: string, unitsMax: number): string {
  const cutsPair = /[\ud800-\udbff]/.test(text.charAt(unitsMax - 1))
  return text.slice(0, cutsPair ? unitsMax - 1 : unitsMax)
}

/** Up to four significant digits, without an exponent where people expect none. */
export function short(value: number): string {
  return String(Number(value.toPrecision(4)))
}

function name(text: string): string {
  return cut(text, nameCharactersMax)
}

/** ` (value 42, threshold 5)`, or less where less is known. */
function measure(alert: Alert | undefined): string {
  const value = alert?.value ?? null
  if (value === null) return ''
  const threshold = alert?.threshold ?? null
  const limit = threshold === null ? '' : `, threshold ${short(threshold)}`
  return ` (value ${short(value)}${limit})`
}

/** `, fixed by push 77ab34cd90 by bob`, or nothing when that is not known. */
function fixText(page: Page, alert: Alert | undefined): string {
  const sha = alert?.fixedBy ?? null
  return sha === null ? '' : `, fixed by ${pushText(fixOf(page, alert), sha)}`
}

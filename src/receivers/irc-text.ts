/** What is said on IRC, as lines that no server cuts: pages, deploys and the answer to `!since`. A
 *  message has 512 bytes with the sender's name and the channel; 350 leaves room for the longest.
 *  Control characters, IRC's own colours among them, are shown as escapes. Pure. */
import { shortSha, type Deploy } from '../model/deploy.ts'
import { visible } from '../model/escape.ts'
import type { Verdict, VerdictItem } from '../model/verdict.ts'
import { cut, headline, linkOf, otherAlerts, pushText, start } from './headline.ts'
import type { Page } from './receiver.ts'

const lineBytesMax = 350
/** Of a first line that does not fit into one. */
const headLinesMax = 2
const othersMax = 1
const itemsMax = 3
const nameCharactersMax = 100
const itemCharactersMax = 200

/** First line, sample, other alerts, link. */
export function pageLines(page: Page): readonly string[] {
  const sample = page.alerts[0]?.samples[0]
  const link = linkOf(page)
  return [
    ...wrapped(headline(page), headLinesMax),
    ...(sample === undefined ? [] : [fitted(`  ${visible(start(sample, lineBytesMax))}`)]),
    ...otherAlerts(page, othersMax, itemCharactersMax).map((line) => fitted(`  ${line}`)),
    ...(link === null ? [] : [fitted(`  ${link}`)]),
  ]
}

/** `push 3f2a9c1b7e by alice to web (production), after 1111111111`. */
export function deployLine(deploy: Deploy): string {
  const service = deploy.service === null ? 'all services' : cut(deploy.service, nameCharactersMax)
  const after = deploy.previous === null ? '' : `, after ${visible(shortSha(deploy.previous))}`
  const failed = deploy.status === 'failed' ? ': it failed' : ''
  const env = cut(deploy.env, nameCharactersMax)
  return fitted(`${pushText(deploy, null)} to ${service} (${env})${after}${failed}`)
}

/** The push, how many of each class, and the worst items. @param nowMs For the age of the push. */
export function sinceLines({ deploy, state, items, sources }: Verdict, nowMs: number): string[] {
  if (deploy === null) return ['no push is known']
  const count = (name: VerdictItem['class']): number =>
    items.filter((item) => item.class === name).length
  const service = cut(deploy.service ?? 'all services', nameCharactersMax)
  const blind = sources.filter((source) => source.state === 'blind').length
  const counts = [
    `${count('new')} new`,
    `${count('worse')} worse`,
    `${count('fixed')} fixed`,
    `${count('undecided')} undecided`,
    ...(blind === 0 ? [] : [`${blind} sources blind`]),
  ]
  const age = ageText(nowMs - Date.parse(deploy.start))
  const head = `since ${pushText(deploy, null)} (${service}, ${age}): ${counts.join(', ')}`
  const early = state === 'early' ? '; it is early' : ''
  const told = (['new', 'worse', 'fixed'] as const).flatMap((name) =>
    items.filter((item) => item.class === name),
  )
  return [fitted(`${head}${early}`), ...told.slice(0, itemsMax).map(itemLine)]
}

function itemLine(item: VerdictItem): string {
  const name = item.template ?? `${item.kind} ${item.id}`
  const counts = `${item.before.count} before, ${item.after.count} after`
  return fitted(`  ${item.class}: ${cut(name, itemCharactersMax)} (${counts})`)
}

function ageText(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / 60_000))
  if (minutes < 120) return `${minutes} min ago`
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? `${hours} h ago` : `${Math.floor(hours / 24)} days ago`
}

/** In several lines, broken at spaces where there are any; the last one is cut. */
export function wrapped(text: string, linesMax: number): readonly string[] {
  const lines: string[] = []
  let rest = text
  while (lines.length < linesMax - 1 && Buffer.byteLength(rest) > lineBytesMax) {
    const head = startOfBytes(rest, lineBytesMax)
    const space = head.lastIndexOf(' ')
    const end = space > 0 ? space : head.length
    lines.push(rest.slice(0, end))
    rest = rest.slice(end).trimStart()
  }
  return [...lines, fitted(rest)]
}

/** One line, cut at a whole character. */
function fitted(text: string): string {
  if (Buffer.byteLength(text) <= lineBytesMax) return text
  return `${startOfBytes(text, lineBytesMax - Buffer.byteLength('…'))}…`
}

/** As many whole characters as fit into so many bytes of UTF-8. */
function startOfBytes(text: string, bytesMax: number): string {
  let bytes = 0
  let units = 0
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > bytesMax) break
    units += character.length
  }
  return text.slice(0, units)
}

/** What to try when a nick is taken: with an underscore, then with a digit in the last place, so
 *  that a server's limit on its length is not passed twice. */
export function nickCandidates(nick: string): string[] {
  const stem = nick.length > 1 ? nick.slice(0, -1) : nick
  const digits = ['1', '2', '3', '4', '5', '6', '7', '8', '9']
  return [`${nick}_`, ...digits.map((digit) => `${stem}${digit}`)]
}

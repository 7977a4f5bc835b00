/** A page as an e-mail: subject, text and HTML. All values from outside are escaped, each for its
 *  place; the HTML loads nothing. The first page of a group has a Message-ID made from the group's
 *  key, since that is all that later pages know of it: they have one of their own key and refer to
 *  the first, so that mail programs show a thread, whatever was sent in between. Pure. */
import { shortHash, type Alert } from '../model/alert.ts'
import { shortSha } from '../model/deploy.ts'
import { visible } from '../model/escape.ts'
import {
  cut,
  deployOf,
  fixOf,
  headline,
  linkOf,
  otherAlerts,
  short,
  start,
  titles,
  webAddress,
} from './headline.ts'
import type { Page, PageReason } from './receiver.ts'

/** A header line has at most 998; nobody reads more than this. */
const subjectCharactersMax = 250
const sampleCharactersMax = 1_000
const samplesMax = 5
const othersMax = 50
const otherCharactersMax = 300
const factCharactersMax = 200

/** What is frozen: everything but sender, recipients and date. */
export interface MailBody {
  readonly messageId: string
  /** Message-ID of the group's first page; null in that page itself. */
  readonly inReplyTo: string | null
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** JSON of a MailBody. @param domain Right side of the Message-IDs. */
export function mailBody(page: Page, domain: string): string {
  const root = `<group-${shortHash([page.groupKey])}@${domain}>`
  const isFirst = page.reason === 'firing'
  const content = contentOf(page)
  const body: MailBody = {
    messageId: isFirst ? root : `<page-${shortHash([page.key])}@${domain}>`,
    inReplyTo: isFirst ? null : root,
    // What looks like an encoded word would be decoded by the reader's program.
    subject: cut(content.line.replaceAll('=?', '= ?'), subjectCharactersMax),
    text: textOf(content),
    html: htmlOf(content, page.reason),
  }
  return JSON.stringify(body)
}

/** Lines for both forms, without markup. */
interface Content {
  readonly line: string
  readonly facts: readonly (readonly [string, string])[]
  readonly samples: readonly string[]
  readonly others: readonly string[]
  readonly link: string | null
  readonly pushLink: string | null
}

function contentOf(page: Page): Content {
  const first = page.alerts[0]
  return {
    line: headline(page),
    facts: factsOf(page, first),
    samples: (first?.samples ?? [])
      .slice(0, samplesMax)
      .map((sample) => visible(start(sample, sampleCharactersMax))),
    others: otherAlerts(page, othersMax, otherCharactersMax),
    link: linkOf(page),
    pushLink: webAddress(deployOf(page, first)?.url ?? null),
  }
}

function factsOf(page: Page, first: Alert | undefined): readonly (readonly [string, string])[] {
  const deploy = deployOf(page, first)
  const sha = deploy?.sha ?? first?.sha ?? null
  const fixedBy = fixOf(page, first)?.sha ?? first?.fixedBy ?? null
  const facts: readonly (readonly [string, string | null | undefined])[] = [
    ['Service', first?.labels['service']],
    ['Environment', first?.labels['env']],
    ['Rule', first?.rule],
    ['Began', readable(first?.startsAt)],
    ['Ended', readable(first?.endsAt)],
    ['Value', first?.value == null ? null : short(first.value)],
    ['Threshold', first?.threshold == null ? null : short(first.threshold)],
    ['Push', sha === null ? null : shortSha(sha)],
    ['By', deploy?.by],
    ['Fixed by', fixedBy === null ? null : shortSha(fixedBy)],
  ]
  return facts.flatMap(([name, fact]) =>
    fact == null ? [] : [[name, cut(fact, factCharactersMax)] as const],
  )
}

/** `2026-03-01 12:00:05 UTC` */
function readable(time: string | null | undefined): string | null {
  return time?.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC') ?? null
}

function textOf({ line, facts, samples, others, link, pushLink }: Content): string {
  const parts = [
    [line],
    samples.map((sample) => `  ${sample}`),
    link === null ? [] : [link],
    others.length === 0 ? [] : ['Also:', ...others.map((other) => `- ${other}`)],
    facts.map(([name, fact]) => `${name}: ${fact}`),
    pushLink === null ? [] : [`The push: ${pushLink}`],
  ]
  const filled = parts.filter((lines) => lines.length > 0)
  return `${filled.map((lines) => lines.join('\n')).join('\n\n')}\n`
}

/** Accent by what has happened; white reads on each. */
const accents: Readonly<Record<PageReason, string>> = {
  firing: '#d1242f',
  update: '#9a6700',
  repeat: '#9a6700',
  resolved: '#1a7f37',
}

const font = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif"
const mono = 'font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace'
/** Greys that read on white and on black. */
const hairline = '1px solid rgba(128,128,128,.28)'
const button = `display:inline-block;margin:0 8px 0 0;padding:8px 16px;border-radius:6px;font-weight:600;text-decoration:none`

// Styles stand in the elements: many mail programs throw style sheets away.
function htmlOf(content: Content, reason: PageReason): string {
  const { line, facts, samples, others, link, pushLink } = content
  const accent = accents[reason]
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="color-scheme" content="light dark">',
    '<meta name="viewport" content="width=device-width">',
    `<title>${escaped(line)}</title></head>`,
    `<body style="margin:0;padding:24px 12px;${font};font-size:15px;line-height:1.5">`,
    `<div style="max-width:680px;margin:0 auto;border:${hairline};border-top:4px solid ${accent};border-radius:8px">`,
    '<div style="padding:20px 24px">',
    headOf(line, reason, accent),
    ...samples.map(
      (sample) =>
        `<pre style="margin:0 0 8px;padding:12px 14px;background:rgba(128,128,128,.12);border-radius:6px;${mono};font-size:13px;line-height:1.45;white-space:pre-wrap;overflow-wrap:anywhere">${escaped(sample)}</pre>`,
    ),
    buttonsOf(link, pushLink),
    others.length === 0 ? '' : listOf(others),
    factsTable(facts),
    '</div></div></body></html>',
    '',
  ]
    .filter((part, index, all) => part !== '' || index === all.length - 1)
    .join('\n')
}

/** The first line with its first word as a badge. */
function headOf(line: string, reason: PageReason, accent: string): string {
  const word = titles[reason]
  const badge = `<span style="display:inline-block;padding:1px 9px;border-radius:999px;background:${accent};color:#fff;font-size:12px;letter-spacing:.04em;vertical-align:2px">${word}</span>`
  const rest = escaped(line.slice(word.length))
  return `<p style="margin:0 0 16px;font-size:18px;line-height:1.4;font-weight:600;overflow-wrap:anywhere">${badge}${rest}</p>`
}

function buttonsOf(link: string | null, pushLink: string | null): string {
  const anchors = [
    ...(link === null
      ? []
      : [anchor(link, 'Open in lastpush', `${button};background:#0969da;color:#fff;border:1px solid #0969da`)]),
    ...(pushLink === null
      ? []
      : [anchor(pushLink, 'The push', `${button};color:inherit;border:${hairline}`)]),
  ] // prettier-ignore
  return anchors.length === 0 ? '' : `<p style="margin:16px 0 20px">${anchors.join('')}</p>`
}

function factsTable(facts: Content['facts']): string {
  const cell = `padding:6px 0;border-top:${hairline};vertical-align:top`
  const rows = facts.map(
    ([name, fact]) =>
      `<tr><td style="${cell};width:8em;opacity:.65">${name}</td><td style="${cell};overflow-wrap:anywhere">${escaped(fact)}</td></tr>`,
  )
  const table = 'width:100%;border-collapse:collapse;table-layout:fixed;font-size:14px'
  return ['<table role="presentation" style="' + table + '">', ...rows, '</table>'].join('\n')
}

function listOf(others: readonly string[]): string {
  const items = others.map((other) => `<li>${escaped(other)}</li>`).join('')
  return `<p style="margin:0 0 4px;font-weight:600">Also</p><ul style="margin:0 0 20px;padding-left:20px;overflow-wrap:anywhere">${items}</ul>`
}

function anchor(href: string, text: string, style: string): string {
  return `<a href="${escaped(href)}" style="${style}">${text}</a>`
}

const entities: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
])

/** Safe as the content of an element and of a quoted attribute. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities.get(character) ?? character)
}

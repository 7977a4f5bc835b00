/** A page as an e-mail: subject, text and HTML. All values from outside are escaped, each for its
 *  place; the HTML loads nothing. The first page of a group has a Message-ID made from the group's
 *  key, since that is all that later pages know of it: they have one of their own key and refer to
 *  the first, so that mail programs show a thread, whatever was sent in between. Pure. */
import { shortHash, type Alert } from '../model/alert.ts'
import { shortSha } from '../model/deploy.ts'
import { visible } from '../model/escape.ts'
import { cut, headline, linkOf, otherAlerts, short, start, webAddress } from './headline.ts'
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
    pushLink: webAddress(page.deploy?.url ?? null),
  }
}

function factsOf(page: Page, first: Alert | undefined): readonly (readonly [string, string])[] {
  const sha = page.deploy?.sha ?? first?.sha ?? null
  const fixedBy = page.fixedBy?.sha ?? first?.fixedBy ?? null
  const facts: readonly (readonly [string, string | null | undefined])[] = [
    ['Service', first?.labels['service']],
    ['Environment', first?.labels['env']],
    ['Rule', first?.rule],
    ['Began', first?.startsAt],
    ['Ended', first?.endsAt],
    ['Value', first?.value == null ? null : short(first.value)],
    ['Threshold', first?.threshold == null ? null : short(first.threshold)],
    ['Push', sha === null ? null : shortSha(sha)],
    ['By', page.deploy?.by],
    ['Fixed by', fixedBy === null ? null : shortSha(fixedBy)],
  ]
  return facts.flatMap(([name, fact]) =>
    fact == null ? [] : [[name, cut(fact, factCharactersMax)] as const],
  )
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

/** Accent by what has happened; both read on white and on black. */
const accents: Readonly<Record<PageReason, string>> = {
  firing: '#d1242f',
  update: '#bf8700',
  repeat: '#bf8700',
  resolved: '#2da44e',
}

const font = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif"
const mono = 'font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace'

// Styles stand in the elements: many mail programs throw style sheets away.
function htmlOf(content: Content, reason: PageReason): string {
  const { line, facts, samples, others, link, pushLink } = content
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${escaped(line)}</title></head>`,
    `<body style="margin:0;padding:24px;${font};font-size:15px;line-height:1.5">`,
    '<div style="max-width:720px;margin:0 auto">',
    `<p style="margin:0 0 16px;padding:4px 0 4px 14px;border-left:4px solid ${accents[reason]};font-size:17px;font-weight:600">${escaped(line)}</p>`,
    ...samples.map(
      (sample) =>
        `<pre style="margin:0 0 8px;padding:10px 12px;background:rgba(128,128,128,.14);border-radius:6px;${mono};font-size:13px;white-space:pre-wrap;overflow-wrap:anywhere">${escaped(sample)}</pre>`,
    ),
    ...(link === null ? [] : [`<p style="margin:16px 0">${anchor(link, 'Open in lastpush')}</p>`]),
    ...(others.length === 0 ? [] : [listOf(others)]),
    '<table role="presentation" style="border-collapse:collapse;font-size:14px">',
    ...facts.map(
      ([name, fact]) =>
        `<tr><td style="padding:2px 16px 2px 0;opacity:.65">${name}</td><td style="padding:2px 0;overflow-wrap:anywhere">${escaped(fact)}</td></tr>`,
    ),
    '</table>',
    ...(pushLink === null ? [] : [`<p style="margin:16px 0">${anchor(pushLink, 'The push')}</p>`]),
    '</div></body></html>',
    '',
  ].join('\n')
}

function listOf(others: readonly string[]): string {
  const items = others.map((other) => `<li>${escaped(other)}</li>`).join('')
  return `<p style="margin:16px 0 4px">Also:</p><ul style="margin:0 0 16px;padding-left:20px">${items}</ul>`
}

function anchor(href: string, text: string): string {
  return `<a href="${escaped(href)}">${text}</a>`
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

/** A page as a Slack message of blocks. Everything from outside stands in plain_text or in a code
 *  block, so that neither a log line nor a name can mention anybody, link anywhere or format
 *  anything; of the three characters that Slack treats as markup each is escaped everywhere.
 *  Limits: 50 blocks, 3,000 characters a text, counted after the escaping. Pure. */
import { visible } from '../model/escape.ts'
import { headline, linkOf, otherAlerts, start } from './headline.ts'
import type { Page } from './receiver.ts'

/** Of a section's text; also kept for the fallback `text`. */
export const textCharactersMax = 3_000
/** Where a reader's patience ends before Slack's limit. */
const sampleCharactersMax = 1_000
const samplesMax = 3
const othersMax = 10
const otherCharactersMax = 200

type Block = Readonly<Record<string, unknown>>

/** The JSON that an incoming webhook takes. */
export function slackBody(page: Page): string {
  const first = page.alerts[0]
  const line = headline(page)
  const others = otherAlerts(page, othersMax, otherCharactersMax)
  const link = linkOf(page)
  const blocks: Block[] = [
    section(plain(line)),
    ...(first?.samples ?? []).slice(0, samplesMax).map((sample) => section(quoted(sample))),
    ...(others.length === 0 ? [] : [section(plain(others.join('\n')))]),
    ...(link === null ? [] : [linkBlock(link)]),
  ]
  return JSON.stringify({
    // What notifications on phones show, and what clients without blocks print.
    text: escaped(line, textCharactersMax),
    mrkdwn: false,
    parse: 'none',
    unfurl_links: false,
    unfurl_media: false,
    blocks,
  })
}

/** `& < >` as entities, and nothing else; cut so that the result has at most `charactersMax`. */
export function escaped(text: string, charactersMax: number): string {
  const whole = text.replace(/[&<>]/g, entity)
  if (whole.length <= charactersMax) return whole
  let result = ''
  for (const character of start(text, charactersMax)) {
    const next = entity(character)
    if (result.length + next.length >= charactersMax) break
    result += next
  }
  return `${result}…`
}

function entity(character: string): string {
  if (character === '&') return '&amp;'
  if (character === '<') return '&lt;'
  return character === '>' ? '&gt;' : character
}

function section(text: Block): Block {
  return { type: 'section', text }
}

function plain(text: string): Block {
  return { type: 'plain_text', text: escaped(text, textCharactersMax), emoji: false }
}

/** A raw line as code; one with backticks as plain text, since nothing escapes a backtick. */
function quoted(sample: string): Block {
  const line = visible(start(sample, sampleCharactersMax))
  const text = line.length < 1 ? ' ' : line
  if (text.includes('`')) return plain(text)
  return {
    type: 'mrkdwn',
    text: `\`\`\`${escaped(text, textCharactersMax - 6)}\`\`\``,
    verbatim: true,
  }
}

/** The only markup that is ours: the address has been brought into its normal form. */
function linkBlock(link: string): Block {
  const text = `<${escaped(link, textCharactersMax - 30)}|Open in lastpush>`
  return { type: 'context', elements: [{ type: 'mrkdwn', text, verbatim: true }] }
}

/** What Slack's documentation says of a message with blocks, as far as lastpush uses it. */

interface Text {
  readonly type: string
  readonly text: string
}

interface Block {
  readonly type: string
  readonly text?: Text
  readonly elements?: readonly Text[]
}

/** Every rule that a body breaks; empty when Slack would take it. */
export function slackFaults(body: string): readonly string[] {
  const message = JSON.parse(body) as { text?: string; blocks?: readonly Block[] } & object
  const faults: string[] = []
  if (/<!|<@|<#/.test(body)) faults.push('a mention')
  if (/[\x00-\x1f\x7f-\x9f]/.test(message.text ?? '')) faults.push('text is not one clean line')
  if ((message.text ?? '') === '') faults.push('no text for notifications')
  if ((message.text ?? '').length > 4_000) faults.push('text is too long')
  if ('link_names' in message) faults.push('link_names')
  const { blocks = [] } = message
  if (blocks.length < 1 || blocks.length > 50) faults.push(`${blocks.length} blocks`)
  for (const [index, block] of blocks.entries()) {
    const texts = block.type === 'section' ? [block.text] : (block.elements ?? [])
    if (block.type !== 'section' && block.type !== 'context') faults.push(`block ${block.type}`)
    if (texts.length < 1 || texts.length > 10) faults.push(`blocks[${index}] has ${texts.length}`)
    for (const text of texts) faults.push(...textFaults(text, `blocks[${index}].text`))
  }
  return faults
}

function textFaults(given: Text | undefined, at: string): readonly string[] {
  const { type, text } = given ?? { type: 'none', text: '' }
  const faults: string[] = []
  if (type !== 'plain_text' && type !== 'mrkdwn') faults.push(`${at} is ${type}`)
  if (text.length < 1 || text.length > 3_000) faults.push(`${at} has ${text.length}`)
  if (Buffer.from(text).toString() !== text) faults.push(`${at} has half a character`)
  // The one link that a message may hold, and the entities.
  const rest = text.replace(/^<https?:[^\s<>|]+\|[\w ]+>$/, '').replace(/&(amp|lt|gt);/g, '')
  if (/[&<>]/.test(rest)) faults.push(`${at} is not escaped`)
  return faults
}

/** What a reader is shown, in the order of its blocks; the fallback text, which notifications on
 *  phones show, must be the first of them. */
export function slackText(body: string): string {
  const { text = '', blocks = [] } = JSON.parse(body) as {
    text?: string
    blocks?: readonly Block[]
  }
  const texts = blocks.flatMap((block) => block.text ?? block.elements ?? [])
  const shown = texts.map((each) => unescaped(each.text))
  if (shown[0] !== unescaped(text)) throw new Error('the fallback text is not the first block')
  return shown.join('\n')
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}

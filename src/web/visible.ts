/** Makes characters that hide or reorder text visible, so that a log line cannot lie to its reader.
 *  Markup is no concern here: the page only ever sets text nodes. */

/** A stretch of text: `escaped` when it stands in for one invisible character. */
export interface VisiblePart {
  readonly text: string
  readonly escaped: boolean
}

// C0 except tab, DEL and C1, soft hyphen, Arabic letter mark, Mongolian vowel separator, zero width
// and directional characters, line and paragraph separators, fillers, byte order mark, tags.
const invisible = new RegExp(
  String.raw`[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f` +
    String.raw`\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\u{e0000}-\u{e007f}]`,
  'gu',
)

/** Splits text into plain stretches and stand-ins such as ⟨U+202E⟩. */
export function visibleParts(text: string): VisiblePart[] {
  const parts: VisiblePart[] = []
  let end = 0
  for (const match of text.matchAll(invisible)) {
    if (match.index > end) parts.push({ text: text.slice(end, match.index), escaped: false })
    parts.push({ text: standIn(match[0]), escaped: true })
    end = match.index + match[0].length
  }
  if (end < text.length) parts.push({ text: text.slice(end), escaped: false })
  return parts
}

/** The same as one string, for places that take no elements: titles and options. */
export function visible(text: string): string {
  return visibleParts(text)
    .map((part) => part.text)
    .join('')
}

function standIn(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`
}

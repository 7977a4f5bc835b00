/** Makes text from outside safe to print: whatever could move the cursor, end the line, rename the
 *  window or turn the reading direction is shown as an escape that people can read. Other scripts
 *  and emoji stay as they are. HTML is not this file's business: pages set text, never markup. */

// C0 with LF and TAB, DEL, C1, the line and paragraph separators, the bidirectional embeddings,
// overrides and isolates, and halves of surrogate pairs, which no UTF-8 can carry.
const unsafe = /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\p{Cs}]/gu

const short: ReadonlyMap<string, string> = new Map([
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\r', '\\r'],
])

/** Control and bidirectional characters as `\n`, `\x1b` or `\u202e`; all on one line then. */
export function visible(text: string): string {
  return text.replace(unsafe, (character) => short.get(character) ?? escapeOf(character))
}

function escapeOf(character: string): string {
  const code = character.charCodeAt(0)
  const digits = code.toString(16)
  return code > 0xff ? `\\u${digits.padStart(4, '0')}` : `\\x${digits.padStart(2, '0')}`
}

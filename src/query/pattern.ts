/** Wildcard patterns over a whole value, matched without backtracking over stars: each piece
 *  between two stars is taken at its leftmost place, which is always right, since a later place
 *  leaves less room for the rest. Time is linear in the value for a given pattern. */

/** Matches one character, whichever it is. */
export const anyCharacter = Symbol('?')
export type Piece = (string | typeof anyCharacter)[]

/**
 * Compiles a pattern in which `*` is any run, `?` one character and `\` takes the next one as is.
 * Characters are code points.
 */
export function compilePattern(pattern: string): (value: string) => boolean {
  const pieces = piecesOf(pattern)
  const [head] = pieces
  if (head === undefined) return () => false
  if (pieces.some((piece) => piece.includes(anyCharacter))) {
    return (value) => matchCharacters(pieces, [...value])
  }
  const texts = pieces.map((piece) => piece.join(''))
  const first = texts[0] ?? ''
  return texts.length === 1 ? (value) => value === first : (value) => matchTexts(texts, value)
}

/** The pieces between stars; a star at either end gives an empty piece there. */
export function piecesOf(pattern: string): Piece[] {
  const pieces: Piece[] = []
  let piece: Piece = []
  let escaped = false
  for (const character of pattern) {
    if (!escaped && character === '\\') {
      escaped = true
      continue
    }
    if (!escaped && character === '*') {
      pieces.push(piece)
      piece = []
    } else {
      piece.push(!escaped && character === '?' ? anyCharacter : character)
    }
    escaped = false
  }
  pieces.push(piece)
  return pieces
}

function matchTexts(texts: readonly string[], value: string): boolean {
  const first = texts[0] ?? ''
  const last = texts.at(-1) ?? ''
  if (value.length < first.length + last.length) return false
  if (!value.startsWith(first) || !value.endsWith(last)) return false
  const end = value.length - last.length
  let at = first.length
  for (let i = 1; i < texts.length - 1; i += 1) {
    const text = texts[i] ?? ''
    const found = value.indexOf(text, at)
    if (found < 0) return false
    at = found + text.length
    if (at > end) return false
  }
  return true
}

function matchCharacters(pieces: readonly Piece[], value: readonly string[]): boolean {
  const first = pieces[0] ?? []
  const last = pieces.at(-1) ?? []
  if (pieces.length === 1) return value.length === first.length && standsAt(first, value, 0)
  const end = value.length - last.length
  if (end < first.length) return false
  if (!standsAt(first, value, 0) || !standsAt(last, value, end)) return false
  let at = first.length
  for (const piece of pieces.slice(1, -1)) {
    while (at + piece.length <= end && !standsAt(piece, value, at)) at += 1
    if (at + piece.length > end) return false
    at += piece.length
  }
  return true
}

function standsAt(piece: Piece, value: readonly string[], at: number): boolean {
  return piece.every((character, i) => character === anyCharacter || character === value[at + i])
}

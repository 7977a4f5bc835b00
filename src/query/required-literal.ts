/** The text that a value must contain to match a pattern: what a scan for many patterns looks for,
 *  so that patterns are tried on few values only. */
import type { Literal } from './literal.ts'
import { anyCharacter, piecesOf, type Piece } from './pattern.ts'

export interface RequiredLiteral extends Literal {
  /** A value that has the literal matches; otherwise it only may. */
  readonly decides: boolean
}

/** A run of characters between wildcards. */
interface Run {
  readonly text: string
  readonly atStart: boolean
  readonly atEnd: boolean
}

/** Invalid bytes decode to U+FFFD, so neither it nor half a surrogate pair stands for its bytes. */
const unfaithful = /[\uFFFD\uD800-\uDFFF]/u

/** True when a text is found in a value exactly where its UTF-8 is found in the value's bytes. */
export function isFaithful(text: string): boolean {
  return !unfaithful.test(text)
}

/** The longest such text of a pattern of pattern.ts; null when it has none. */
export function requiredLiteral(pattern: string): RequiredLiteral | null {
  const pieces = piecesOf(pattern)
  const runs = pieces.flatMap((piece, index) =>
    runsOf(piece, index === 0, index === pieces.length - 1),
  )
  const longest = longestOf(runs)
  if (longest === null) return null
  const { text, atStart, atEnd } = longest
  // All other pieces are empty, and no two stars stand side by side: nothing else is asked.
  const only = runs.length === 1 && pieces.every((piece) => piece.every(isPlain))
  const decides = only && pieces.slice(1, -1).every((piece) => piece.length > 0)
  return { bytes: Buffer.from(text), atStart, atEnd, decides }
}

function longestOf(runs: readonly Run[]): Run | null {
  const [first] = runs
  if (first === undefined) return null
  return runs.reduce((best, run) => (run.text.length > best.text.length ? run : best), first)
}

function isPlain(character: Piece[number]): boolean {
  return character !== anyCharacter && isFaithful(character)
}

function runsOf(piece: Piece, first: boolean, last: boolean): Run[] {
  const runs: Run[] = []
  let from = 0
  for (let at = 0; at <= piece.length; at++) {
    if (at < piece.length && isPlain(piece[at]!)) continue
    if (at > from) {
      const text = piece.slice(from, at).join('')
      runs.push({ text, atStart: first && from === 0, atEnd: last && at === piece.length })
    }
    from = at + 1
  }
  return runs
}

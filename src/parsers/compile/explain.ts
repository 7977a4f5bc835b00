/** How a parser runs, in words: for `check` in brief, for `parse --explain` with every place that
 *  costs time. */
import type { Form, ParserForm, PatternForm } from '../parser.ts'

const names: Readonly<Record<Form, string>> = {
  wasm: 'WebAssembly with SIMD',
  js: 'generated JavaScript',
  re2: 'RE2',
}

/** One line a parser, and one for each pattern that only RE2 can run. */
export function briefly(parser: string, { form, patterns }: ParserForm): string[] {
  const left = patterns.filter(({ refusal }) => refusal !== null)
  const some = left.length === 0 ? '' : `, ${left.length} of ${patterns.length} on RE2`
  const head = form === 're2' ? `${parser}: RE2` : `${parser}: ${names[form]}${some}`
  return [head, ...left.map((pattern) => `  ${pattern.field}: ${onRe2(pattern)}`)]
}

/** All that is known of each pattern. */
export function atLength(parser: string, { form, patterns }: ParserForm): string[] {
  const lines = [`${parser}: ${names[form]}`]
  for (const pattern of patterns) {
    lines.push(`  ${pattern.field}: ${pattern.refusal === null ? 'compiled' : onRe2(pattern)}`)
    for (const { at, text } of pattern.notes) {
      lines.push(`    column ${at + 1}, ${quoted(pattern, at)}: ${text}`)
    }
  }
  return lines
}

function onRe2(pattern: PatternForm): string {
  const { refusal } = pattern
  if (refusal === null) return 'compiled'
  return `RE2, for ${refusal.text} at column ${refusal.at + 1}, ${quoted(pattern, refusal.at)}`
}

/** Enough of a pattern to find the place. */
function quoted({ source }: PatternForm, at: number): string {
  const text = source.slice(at, at + 24)
  return `\`${text}${at + text.length < source.length ? '…' : ''}\``
}

/** Lines of PHP error logs: the events of the golden file over and over, with their stack traces,
 *  other numbers and times that run. Pure: the same arguments give the same lines. */
import { mulberry32 } from '../src/demo/traffic.ts'
import { phpStamp } from './stamps.ts'

/** 2026-11-23T00:00:00Z. */
const from = 1_795_392_000
const eventsPerSecond = 50
const blockLinesMax = 4_096
const stampPattern = /^\[[^\]]*\]/

/** What `test/golden/php_error/expected.ndjson` says of one line. */
type Expected = { readonly time?: string; readonly continues?: boolean }

/** Events with the lines that continue them; what fits no parser is left out. */
export function phpEvents(
  input: readonly string[],
  expected: readonly Expected[],
): readonly (readonly string[])[] {
  const events: string[][] = []
  let open: string[] | null = null
  for (const [index, line] of input.entries()) {
    const { time, continues } = expected[index] ?? {}
    if (typeof time === 'string') events.push((open = [line]))
    else if (continues === true) open?.push(line)
    else open = null
  }
  return events
}

/** @yields Whole events, some thousand lines at a time, each line with its newline; the last event
 *  is cut off when `lines` says so. */
export function* phpLog(events: readonly (readonly string[])[], lines: number): Generator<string> {
  const random = mulberry32(7)
  let [written, event] = [0, 0]
  while (written < lines) {
    const text: string[] = []
    while (text.length < blockLinesMax && written + text.length < lines) {
      const stamp = `[${phpStamp(from + Math.floor(event / eventsPerSecond))}]`
      for (const line of events[event % events.length] ?? []) {
        text.push(varied(line, stamp, random))
      }
      event++
    }
    const kept = text.slice(0, lines - written)
    written += kept.length
    yield `${kept.join('\n')}\n`
  }
}

/** Another time, and other numbers of as many digits. */
function varied(line: string, stamp: string, random: () => number): string {
  const old = stampPattern.exec(line)?.[0] ?? ''
  const rest = line.slice(old.length).replace(/\d{2,}/g, (digits) => {
    const least = 10 ** (digits.length - 1)
    return String(least + Math.floor(random() * 9 * least))
  })
  return (old === '' ? '' : stamp) + rest
}

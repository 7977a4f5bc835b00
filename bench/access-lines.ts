/** Lines of access logs. Pure: the same arguments give the same lines. */
import { Traffic } from '../src/demo/traffic.ts'
import { accessStamp } from './stamps.ts'

const madeLines = 10_000
/** 2015-05-17T10:00:00Z. */
const madeFrom = 1_431_856_800
const madePerSecond = 20
/** One in so many lines is cut off within its last field, as crashes and full disks leave them. */
const cutEvery = 10_000
const stampPattern = /\[[^\]]*\]/

/** 10,000 lines of a small shop in the combined format, one of them cut off. */
export function madeSample(): readonly string[] {
  const traffic = new Traffic(7)
  const lines: string[] = []
  for (let second = madeFrom; lines.length < madeLines; second++) {
    lines.push(...traffic.requests(madePerSecond, second, 'well').access)
  }
  return lines
    .slice(0, madeLines)
    .map((line, index) => (index % cutEvery === cutEvery - 1 ? line.slice(0, -5) : line))
}

export interface Steady {
  readonly lines: number
  readonly linesPerSecond: number
  /** The second of the last line, s since the epoch. */
  readonly endsAt: number
  /** For so many seconds in the middle every other request fails with 503. */
  readonly brokenSeconds: number
}

/** The lines of a sample over and over, with times that run at a steady rate.
 *  @yields The lines of one second, each with its newline. */
export function* steadyAccess(sample: readonly string[], steady: Steady): Generator<string> {
  const { lines, linesPerSecond, endsAt, brokenSeconds } = steady
  const seconds = Math.ceil(lines / linesPerSecond)
  const brokenFrom = Math.floor((seconds - brokenSeconds) / 2)
  let written = 0
  for (let second = 0; second < seconds; second++) {
    const stamp = `[${accessStamp(endsAt - seconds + 1 + second)}]`
    const broken = second >= brokenFrom && second < brokenFrom + brokenSeconds
    let text = ''
    for (const end = Math.min(lines, written + linesPerSecond); written < end; written++) {
      const line = (sample[written % sample.length] ?? '').replace(stampPattern, stamp)
      text += `${broken && written % 2 === 0 ? failed(line) : line}\n`
    }
    yield text
  }
}

function failed(line: string): string {
  return line.replace(/" \d{3} /, '" 503 ')
}

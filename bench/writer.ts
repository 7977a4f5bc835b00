/** A program that appends access lines to files at a steady rate, as a web server would, in a
 *  process of its own so that its work is nobody else's. At the end it prints what it wrote as one
 *  line of JSON. usage: writer.ts '{"paths": […], "linesPerSecond": N, "seconds": N, "burst": null
 *  | {…}}' */
import { appendFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { madeSample } from './access-lines.ts'
import { monotonicMs } from './hook.ts'
import { accessStamp } from './stamps.ts'

export interface Writing {
  /** Files that get lines in turn. */
  readonly paths: readonly string[]
  /** Of all files together. */
  readonly linesPerSecond: number
  readonly seconds: number
  /** Lines with a path of their own, `/marked/1` and so on, into the first file. */
  readonly burst: {
    readonly lines: number
    readonly everyMs: number
  } | null
}

export interface Wrote {
  readonly lines: number
  /** s; more than was asked for when the machine had no time. */
  readonly seconds: number
  /** Path of each burst and when its last line was about to be written, monotonic ms. */
  readonly marks: readonly (readonly [string, number])[]
}

const tickMs = 5
const ignored = /\[[^\]]*\]/

async function write({ paths, linesPerSecond, seconds, burst }: Writing): Promise<Wrote> {
  const sample = madeSample().map((line) => line.split(ignored) as [string, string])
  const marks: [string, number][] = []
  const start = performance.now()
  let [written, turn, nextBurst] = [0, 0, burst?.everyMs ?? Infinity]
  for (;;) {
    const elapsed = performance.now() - start
    const stamp = `[${accessStamp(Math.floor(Date.now() / 1_000))}]`
    const due = Math.floor((Math.min(elapsed, seconds * 1_000) / 1_000) * linesPerSecond)
    const texts = new Map<string, string>()
    for (; written < due; written++) {
      const [head = '', tail = ''] = sample[written % sample.length] ?? []
      const path = paths[turn++ % paths.length] ?? ''
      texts.set(path, `${texts.get(path) ?? ''}${head}${stamp}${tail}\n`)
    }
    for (const [path, text] of texts) appendFileSync(path, text, 'latin1')
    if (elapsed >= seconds * 1_000) break
    if (burst !== null && elapsed >= nextBurst) {
      const mark = `/marked/${marks.length + 1}`
      marks.push([mark, writeBurst(paths[0] ?? '', mark, burst.lines, stamp)])
      nextBurst += burst.everyMs
    }
    await delay(tickMs)
  }
  const lines = written + marks.length * (burst?.lines ?? 0)
  return { lines, seconds: (performance.now() - start) / 1_000, marks }
}

/** @returns When it was about to be written. */
function writeBurst(file: string, path: string, lines: number, stamp: string): number {
  const line = `192.0.2.9 - - ${stamp} "GET ${path} HTTP/1.1" 404 0 "-" "bench"\n`
  const at = monotonicMs()
  appendFileSync(file, line.repeat(lines))
  return at
}

console.log(JSON.stringify(await write(JSON.parse(process.argv[2] ?? '') as Writing)))

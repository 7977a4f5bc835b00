/** Why a line is no JSON object, and where: reads it once more, as text, since few are asked about.
 *  Accepts exactly what reader.ts accepts; Node 20's JSON.parse gives no place of an error. */
import { depthMax } from './reader.ts'

/** `unit` is where, in UTF-16 units from 0. */
class JsonFault extends Error {
  readonly unit: number

  constructor(reason: string, unit: number) {
    super(reason)
    this.unit = unit
  }
}

/** What is wrong with a text, and where in UTF-16 units from 0; null when it is one JSON object. */
export function faultOf(text: string): { readonly reason: string; readonly unit: number } | null {
  const scan = { text, at: 0 }
  try {
    if (peek(scan) !== '{') throw new JsonFault('no JSON object', scan.at)
    readObject(scan, 1)
    if (peek(scan) !== '') throw new JsonFault('text after the JSON object', scan.at)
    return null
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error
    return { reason: error.message, unit: error.unit }
  }
}

const word = /true|false|null/y
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

interface Scan {
  readonly text: string
  at: number
}

function readObject(scan: Scan, depth: number): void {
  readList(scan, '}', depth, () => {
    if (peek(scan) !== '"') throw new JsonFault('a name in quotes is expected', scan.at)
    readString(scan)
    take(scan, ':')
    readValue(scan, depth)
  })
}

function readValue(scan: Scan, depth: number): void {
  const first = peek(scan)
  if (first === '{') return readObject(scan, depth + 1)
  if (first === '[') return readList(scan, ']', depth + 1, () => readValue(scan, depth + 1))
  if (first === '"') return readString(scan)
  for (const pattern of [word, number]) {
    pattern.lastIndex = scan.at
    const literal = pattern.exec(scan.text)?.[0]
    if (literal === undefined) continue
    scan.at += literal.length
    return
  }
  throw new JsonFault('a value is expected', scan.at)
}

/** Reads the members of an object or array, from its first bracket to its last. */
function readList(scan: Scan, close: '}' | ']', depth: number, member: () => void): void {
  if (depth > depthMax) throw new JsonFault(`nested deeper than ${depthMax}`, scan.at)
  scan.at += 1
  if (peek(scan) === close) {
    scan.at += 1
    return
  }
  for (;;) {
    member()
    const next = peek(scan)
    if (next === '') throw new JsonFault(`the line ends before "${close}"`, scan.at)
    if (next !== ',' && next !== close) {
      throw new JsonFault(`"," or "${close}" is expected`, scan.at)
    }
    scan.at += 1
    if (next === close) return
  }
}

/** The next character that is no white space; '' at the end. */
function peek(scan: Scan): string {
  for (; scan.at < scan.text.length; scan.at++) {
    const character = scan.text[scan.at] ?? ''
    if (character !== ' ' && character !== '\t' && character !== '\r' && character !== '\n') {
      return character
    }
  }
  return ''
}

function take(scan: Scan, character: string): void {
  if (peek(scan) !== character) throw new JsonFault(`"${character}" is expected`, scan.at)
  scan.at += 1
}

/** Reads a string, at whose opening quote the scan stands. */
function readString(scan: Scan): void {
  const start = scan.at
  let escaped = false
  for (let at = start + 1; at < scan.text.length; at++) {
    const code = scan.text.charCodeAt(at)
    if (code === 0x22) {
      scan.at = at + 1
      if (escaped) checkEscapes(scan.text, start, at + 1)
      return
    }
    if (code < 0x20) throw new JsonFault('a control character in a string', at)
    if (code === 0x5c) {
      escaped = true
      at += 1
    }
  }
  throw new JsonFault('a string without its closing quote', start)
}

function checkEscapes(text: string, start: number, end: number): void {
  try {
    JSON.parse(text.slice(start, end))
  } catch {
    throw new JsonFault('a bad escape in a string', start)
  }
}

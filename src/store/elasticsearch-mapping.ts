/** How an event lies in Elasticsearch: the mapping, the names of the indices, and the way from an
 *  event to what is indexed of it.
 *
 *  Fields are kept as pairs of name and value in one keyword field, not as fields of the mapping:
 *  logs choose the names, and a mapping refuses everything once it has a thousand of them, or when
 *  one name comes with two types. For the same reason words are cut and folded here, by the code
 *  that rules use, and the analyzer only parts them at spaces. Indices are monthly, so that lines
 *  with made-up dates make a few hundred at most. */
import { createHash } from 'node:crypto'
import { isoTime } from '../flow/time.ts'
import { ownFields, searched, searchedNumber, searchedWords } from './event-values.ts'
import type { EventDocument } from './events.ts'

/** Grows when `properties` change: indices of another version are not written to. */
export const mappingVersion = 1

/** Characters of a keyword; Lucene takes terms of 32,766 bytes at most. */
export const keywordCharsMax = 8_191
/** Characters of a word; the analyzer would cut longer ones in two. */
export const wordCharsMax = 255
/** Elasticsearch takes ids of this length at most. */
const idBytesMax = 512

const keyword = { type: 'keyword', ignore_above: keywordCharsMax } as const

export const properties = {
  '@timestamp': { type: 'date' },
  time: { type: 'long' },
  partition: keyword,
  position: { type: 'long' },
  service: keyword,
  env: keyword,
  source: keyword,
  level: keyword,
  signature: keyword,
  sha: keyword,
  names: keyword,
  pairs: keyword,
  numbers: keyword,
  long: { type: 'boolean' },
  words: { type: 'text', analyzer: 'whitespace', norms: false },
  document: { type: 'object', enabled: false },
} as const

/** Name of the index that holds events of a time: `<prefix>-2026.11`, for years beyond four digits
 *  and before 2000 `<prefix>-other`. */
export function indexName(prefix: string, timeMs: number): string {
  const month = /^(2\d{3})-(\d\d)-/.exec(isoTime(timeMs))
  return month === null ? `${prefix}-other` : `${prefix}-${month[1]}.${month[2]}`
}

/** First moment after the month of an index, ms; null for a name that holds no month. */
export function indexEnd(prefix: string, name: string): number | null {
  const month = /^-(\d{4})\.(\d\d)$/.exec(name.startsWith(prefix) ? name.slice(prefix.length) : '')
  return month === null ? null : Date.UTC(Number(month[1]), Number(month[2]), 1)
}

/** The `_id` of an event. */
export function documentId(id: string): string {
  if (Buffer.byteLength(id) <= idBytesMax) return id
  return `sha256:${createHash('sha256').update(id).digest('hex')}`
}

/** Grows with what is known of an event, so that an older form of it that arrives late, out of a
 *  request that was given up, never replaces a newer one. */
export function documentVersion({ stack }: EventDocument): number {
  return stack === null ? 1 : stack.length + 2
}

/** What is sent to Elasticsearch of one event. */
export function documentSource(event: EventDocument): object {
  const facts = searched(event)
  const values = new Map<string, string | number>([['time', timeText(event.time)], ...facts.values])
  const words = searchedWords(facts)
  const pairs: string[] = []
  const numbers: string[] = []
  for (const [name, value] of values) {
    // No query can name a field with a NUL, and the message is looked into by its words alone.
    if (name.includes('\0') || name === 'message') continue
    pairs.push(pair(name, String(value)))
    const number = searchedNumber(value)
    if (number !== null) numbers.push(pair(name, sortableNumber(number)))
  }
  const cut = ({ length }: string): boolean => length > keywordCharsMax
  return {
    ...(values.get('time') === '' ? {} : { '@timestamp': values.get('time') }),
    time: event.time,
    partition: event.partition,
    position: event.position,
    ...Object.fromEntries(ownFields.map((name) => [name, event[name]])),
    names: [...values.keys()].map(wellFormed),
    pairs,
    numbers,
    long: pairs.some(cut) || words.some(({ length }) => length > wordCharsMax),
    words: words.map(wordTerm).join(' '),
    document: event,
  }
}

/** A field and its value as one term. NUL comes before every character, so that the pairs of a
 *  field are neighbours in the order of their values. */
export function pair(name: string, value: string): string {
  return wellFormed(`${name}\0${value}`)
}

/** The term of a word: itself, or for a long one a hash written in marks that no word contains. */
export function wordTerm(word: string): string {
  if (word.length <= wordCharsMax) return word
  const hash = createHash('sha256').update(word).digest('hex')
  return hash.replace(/./g, (digit) => '!"#$%&\'()+,-./:;'.charAt(parseInt(digit, 16)))
}

const bits = new DataView(new ArrayBuffer(8))
const signBit = 1n << 63n

/** 16 digits whose order as text is the order of the numbers. */
export function sortableNumber(value: number): string {
  // There are two zeros, which are equal.
  bits.setFloat64(0, value === 0 ? 0 : value)
  const raw = bits.getBigUint64(0)
  const ordered = (raw & signBit) === 0n ? raw | signBit : ~raw & (2n ** 64n - 1n)
  return ordered.toString(16).padStart(16, '0')
}

/** Half characters cannot be sent as UTF-8. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD')
}

/** RFC 3339, '' for years that it cannot write. */
function timeText(ms: number): string {
  const text = isoTime(ms)
  return /^\d{4}-/.test(text) ? text : ''
}

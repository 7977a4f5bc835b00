/** The masks, version 1: which parts of a message are variable, and the name they are replaced by.
 *  One scan from left to right; the first character of a token chooses which masks are tried, each
 *  anchored there, so that time is linear in the message. The patterns have no nested repeats and
 *  no alternatives that overlap. Why each mask is as it is: docs/decisions/2026-11-23-masks.md.
 *
 *  Any change of what a message is masked to needs a new version: ids of stored signatures depend
 *  on it. */

/** Part of every id. */
export const maskVersion = 1

/** What is variable at the place of a token. */
export interface Mask {
  readonly pattern: RegExp
  /** What stands for the token; '' when the mask does not hold after all. */
  readonly replace: (token: string) => string
}

const time = (pattern: RegExp): Mask => ({ pattern, replace: () => '<time>' })

const uuid: Mask = {
  pattern: /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![\p{L}\p{N}])/iuy,
  replace: () => '<uuid>',
}
const ip4: Mask = {
  pattern: /\d{1,3}(?:\.\d{1,3}){3}(?:[:/]\d{1,5})?(?![\p{L}\p{N}]|[.-][\p{L}\p{N}])/uy,
  replace: () => '<ip>',
}
const ip6: Mask = {
  pattern: /[0-9a-f]{0,4}:[0-9a-f:]{1,40}(?:\.\d{1,3}){0,3}(?:%\w+)?(?![\p{L}\p{N}_:])/iuy,
  replace: (token) => (isIp6(token) ? '<ip>' : isMac(token) ? '<hex>' : ''),
}
/** Names that reverse DNS gives to clients have digits; names of services rarely have. */
const host: Mask = {
  pattern: /[a-z0-9][a-z0-9-]*(?:\.[a-z0-9-]+){2,}(?![\p{L}\p{N}_])/iuy,
  replace: (token) => (/\d/.test(token) && /\.[a-z]{2,}$/i.test(token) ? '<ip>' : ''),
}
/** A key that says so: `rhost=mail.example.org`. */
const peer: Mask = {
  pattern:
    /(?<=(?:host|addr|address|client|peer|remote)=)[a-z0-9-]+(?:\.[a-z0-9-]+)+(?![\p{L}\p{N}_])/iuy,
  replace: () => '<ip>',
}
const hex: Mask = {
  pattern: /(?:0x[0-9a-f]+|[0-9a-f]{8,})(?![\p{L}\p{N}_])/iuy,
  replace: (token) => (isHex(token) ? '<hex>' : ''),
}
/** Session ids and tokens: long, mixed of letters and digits. */
const random: Mask = {
  pattern: /[a-z0-9]{20,}(?![\p{L}\p{N}_])/iuy,
  replace: (token) => (isRandom(token) ? '<hex>' : ''),
}
/** Takes its unit along, and lists and versions as one: `512`, `16K`, `1.5s`, `2.6.5`, `1,2,3`. */
const number: Mask = {
  pattern: /\d[\p{L}\p{N}]*(?:[.,]\d[\p{L}\p{N}]*)*/uy,
  replace: () => '<num>',
}
/** Codes that name the very error; without them different errors would become one. */
const code: Mask = {
  pattern: /(?:SQLSTATE\[\w+\]|AH\d{5}|ORA-\d{5}|HTTP\/\d(?:\.\d)?)(?![\p{L}\p{N}_])/uy,
  replace: (token) => token,
}
const url: Mask = {
  pattern: /[a-z][a-z0-9+.-]*:\/\/[^\s"'<>()[\]{}|,;]+/iuy,
  replace: maskUrl,
}
const windowsPath: Mask = {
  pattern: /[a-z]:\\[^\s"'<>()[\]{}|,;:*?]+/iuy,
  replace: () => '<path>',
}
/** A word with what hangs on it: `can't`, `PHP/8.2`, `and/or`. Short digits in it are its name. */
const word: Mask = {
  pattern: /[\p{L}_$][\p{L}\p{M}\p{N}_$]*(?:'\p{L}+)*(?:\/[\p{L}\p{N}_][\p{L}\p{M}\p{N}_.$+-]*)*/uy,
  replace: maskWord,
}

/** Tried in order where a token starts with a digit. */
export const digitMasks: readonly Mask[] = [
  time(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z| ?[+-]\d\d:?\d\d)?(?!\d)/y),
  time(/\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(?!\d)/y),
  time(/\d{1,2}[/-](?:[A-Z][a-z]{2}|\d\d)[/-]\d{4}(?:[: ]\d\d:\d\d:\d\d)?(?: [+-]\d{4})?(?!\d)/y),
  time(/\d{4}[-/]\d\d[-/]\d\d(?!\d)/y),
  uuid,
  ip4,
  ip6,
  time(/\d{1,2}:\d\d:\d\d(?:[.,]\d+)?(?!\d)/y),
  peer,
  host,
  hex,
  random,
  number,
]

/** Tried in order where a token starts with a letter. */
export const letterMasks: readonly Mask[] = [
  time(/(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? \p{Lu}\p{Ll}\p{Ll} +\d\d? \d\d:[\d:.]+(?: \d{4})?/uy),
  time(/(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +\d{1,2} \d\d:\d\d:\d\d/y),
  uuid,
  url,
  windowsPath,
  code,
  ip6,
  peer,
  host,
  hex,
  random,
  word,
]

/** Tried where a token starts with a colon. */
export const colonMasks: readonly Mask[] = [ip6]

/** Digits inside a word: three and more vary (`user1234`), one or two are its name (`utf8`). */
export function maskWord(token: string): string {
  return token.replace(/(\/?)(\d[\d.]*)/g, (digits, slash: string, run: string) =>
    run.length > 2 || slash !== '' ? `${slash}<num>` : digits,
  )
}

function maskUrl(token: string): string {
  const from = token.indexOf('://') + 3
  const end = token.slice(from).search(/[/?#]/)
  const address = end < 0 ? token.slice(from) : token.slice(from, from + end)
  const name = address.replace(/^.*@/, '').replace(/:\d+$/, '')
  const masked = /^[\d.]+$/.test(name) ? '<ip>' : maskWord(name)
  return `${token.slice(0, from)}${masked}${end < 0 ? '' : '<path>'}`
}

/** Eight groups, or fewer with one `::`. A digit is asked for: `DB::add` calls a method. */
function isIp6(token: string): boolean {
  const groups = token.replace(/%.*$/, '').split(':')
  const short = token.includes('::')
  if (!/\d/.test(token) || groups.some((group) => !/^(?:[0-9a-f]{0,4}|[\d.]+)$/i.test(group))) {
    return false
  }
  return short ? token.indexOf('::') === token.lastIndexOf('::') : groups.length === 8
}

function isRandom(token: string): boolean {
  return (token.match(/\d/g) ?? []).length >= 3 && /[a-z]/i.test(token)
}

function isMac(token: string): boolean {
  return /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(token)
}

/** Digits alone are hex only where a count would not be written so: padded, or very long. */
function isHex(token: string): boolean {
  if (/^0x/i.test(token)) return true
  if (/^\d+$/.test(token)) return token.startsWith('0') || token.length >= 16
  return /\d/.test(token)
}

/** File globs: which paths match a pattern now. Knows `*`, `?`, `[a-z]`, `[!a]`, `{a,b}` and `**`;
 *  what the files are is left to the caller. A path that exists as it is written is that file, also
 *  with a bracket in its name, because shells pass names on literally.
 *  Matching is by hand in O(pattern · name): no regex is built from what a user wrote. */
import { readdir, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'

/** Directory entries looked at in one expansion; a deeper `**` is cut there and said so. */
export const globEntriesMax = 100_000
/** Alternatives that the braces of one pattern may stand for. */
const bracesMax = 100

type Token =
  | { readonly kind: 'star' }
  | { readonly kind: 'any' }
  | { readonly kind: 'char'; readonly char: string }
  | { readonly kind: 'set'; readonly not: boolean; readonly ranges: readonly [string, string][] }

/** A literal name, `**`, or a name with wildcards. */
type Segment = string | readonly Token[]

/** Result of one expansion. */
export interface Expansion {
  /** Absolute paths, sorted, each once; of any kind of file. */
  readonly paths: readonly string[]
  /** True when `globEntriesMax` ended the walk early. */
  readonly cut: boolean
}

/** True when the text can stand for more than itself. */
export function isGlob(pattern: string): boolean {
  return /[*?[{]/.test(pattern)
}

/** Paths that match now; directories that cannot be listed count as empty. */
export async function expandGlob(pattern: string): Promise<Expansion> {
  const literal = resolve(pattern)
  // A plain path below something that is no directory is a fault to show, not an absent file.
  if (!isGlob(pattern)) return { paths: await present(literal, ['ENOENT']), cut: false }
  // A star or a question mark matches itself, and a file of that very name must not hide the others.
  if (!/[*?]/.test(pattern) && (await exists(literal))) return { paths: [literal], cut: false }
  const walk: Walk = { found: new Set(), entriesLeft: globEntriesMax }
  for (const segments of compile(pattern)) await descend('/', segments, walk)
  return { paths: [...walk.found].sort(), cut: walk.entriesLeft <= 0 }
}

/** True when `path` (absolute) is one that the pattern stands for, whether or not it exists. */
export function matchesGlob(pattern: string, path: string): boolean {
  if (path === resolve(pattern)) return true
  const names = path.split('/').filter((name) => name !== '')
  return compile(pattern).some((segments) => matchPath(segments, names))
}

/** True when the path, or its last name where the pattern has no slash, is what the pattern means. */
export function matchesExclude(pattern: string, path: string): boolean {
  if (pattern.includes('/')) return matchesGlob(pattern, path)
  return matchesGlob(`/${pattern}`, `/${basename(path)}`)
}

interface Walk {
  readonly found: Set<string>
  entriesLeft: number
}

async function descend(dir: string, segments: readonly Segment[], walk: Walk): Promise<void> {
  const [segment, ...rest] = segments
  if (segment === undefined || walk.entriesLeft <= 0) return
  if (typeof segment === 'string' && segment !== '**') {
    const path = join(dir, segment)
    if (rest.length > 0) return descend(path, rest, walk)
    if (await exists(path)) walk.found.add(path)
    return
  }
  if (segment === '**') await descend(dir, rest.length > 0 ? rest : [[{ kind: 'star' }]], walk)
  for (const entry of await list(dir)) {
    walk.entriesLeft -= 1
    const path = join(dir, entry.name)
    if (segment === '**') {
      // Links are not followed here: a link to a parent would never end.
      if (entry.isDirectory() && !entry.name.startsWith('.')) await descend(path, segments, walk)
    } else if (matchName(segment, entry.name)) {
      if (rest.length === 0) walk.found.add(path)
      else if (entry.isDirectory() || entry.isSymbolicLink()) await descend(path, rest, walk)
    }
  }
}

function matchPath(segments: readonly Segment[], names: readonly string[]): boolean {
  const [segment, ...rest] = segments
  if (segment === undefined) return names.length === 0
  if (segment === '**') {
    const last: readonly Segment[] = rest.length > 0 ? rest : [[{ kind: 'star' }]]
    return names.some((_name, skipped) => {
      const inside = names.slice(0, skipped).every((name) => !name.startsWith('.'))
      return inside && matchPath(last, names.slice(skipped))
    })
  }
  const name = names[0]
  if (name === undefined) return false
  const here = typeof segment === 'string' ? segment === name : matchName(segment, name)
  return here && matchPath(rest, names.slice(1))
}

/** One path segment; backtracks to the last star only, which is enough for globs. */
function matchName(tokens: readonly Token[], name: string): boolean {
  const chars = [...name]
  if (chars[0] === '.' && !(tokens[0]?.kind === 'char' && tokens[0].char === '.')) return false
  let token = 0
  let at = 0
  let star = -1
  let starAt = 0
  while (at < chars.length) {
    const now = tokens[token]
    if (now?.kind === 'star') {
      star = token++
      starAt = at
    } else if (now !== undefined && matchChar(now, chars[at] ?? '')) {
      token += 1
      at += 1
    } else if (star >= 0) {
      token = star + 1
      at = ++starAt
    } else return false
  }
  return tokens.slice(token).every((rest) => rest.kind === 'star')
}

function matchChar(token: Token, char: string): boolean {
  if (token.kind === 'any') return true
  if (token.kind === 'char') return token.char === char
  if (token.kind === 'star') return false
  return token.ranges.some(([low, high]) => low <= char && char <= high) !== token.not
}

function compile(pattern: string): Segment[][] {
  return expandBraces(pattern).map((one) =>
    resolve(one)
      .split('/')
      .filter((name) => name !== '')
      .map((name) => (name === '**' ? name : isGlob(name) ? tokens(name) : name)),
  )
}

function tokens(text: string): Token[] {
  const found: Token[] = []
  const chars = [...text]
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] ?? ''
    const close = char === '[' ? chars.indexOf(']', at + (chars[at + 1] === '!' ? 3 : 2)) : -1
    if (char === '*') found.push({ kind: 'star' })
    else if (char === '?') found.push({ kind: 'any' })
    else if (close > 0) {
      found.push(set(chars.slice(at + 1, close)))
      at = close
    } else found.push({ kind: 'char', char })
  }
  return found
}

function set(chars: readonly string[]): Token {
  const not = chars[0] === '!'
  const ranges: [string, string][] = []
  for (let at = not ? 1 : 0; at < chars.length; at++) {
    const low = chars[at] ?? ''
    const high = chars[at + 1] === '-' ? chars[at + 2] : undefined
    ranges.push([low, high ?? low])
    if (high !== undefined) at += 2
  }
  return { kind: 'set', not, ranges }
}

/** `a{b,c}d` → `abd`, `acd`; braces inside braces and lone braces stay as they are written. */
function expandBraces(pattern: string): string[] {
  const done: string[] = []
  const open = [pattern]
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    const brace = /\{([^{}/]*,[^{}/]*)\}/.exec(one)
    if (brace === null || done.length + open.length >= bracesMax) {
      done.push(one)
      continue
    }
    const tail = one.slice(brace.index + brace[0].length)
    const alternatives = (brace[1] ?? '').split(',')
    for (const choice of alternatives) open.push(one.slice(0, brace.index) + choice + tail)
  }
  return done
}

async function exists(path: string): Promise<boolean> {
  return (await present(path, ['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'])).length > 0
}

/** The path, or nothing when it fails with one of these codes; other failures are for the reader. */
async function present(path: string, absent: readonly string[]): Promise<string[]> {
  return stat(path).then(
    () => [path],
    (error: NodeJS.ErrnoException) => (absent.includes(error.code ?? '') ? [] : [path]),
  )
}

async function list(dir: string) {
  return readdir(dir, { withFileTypes: true }).catch(() => [])
}

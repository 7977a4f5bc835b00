/** What may stand next in a line: the beginnings of all texts that the rest of a pattern takes, as
 *  sets of bytes by position. Two ways whose beginnings differ need no second try. Beginnings may
 *  promise too much, never too little. */
import { allBytes, ByteSet, noBytes } from './byte-set.ts'
import { bytesOf, type Node } from './ir.ts'

/** The parts of a pattern that are still to come; null: the end of the line. */
export type Rest = { readonly node: Node; readonly next: Rest } | null | 'anything'

/** A beginning: bytes by position, then the line's end, or anything. */
interface Prefix {
  readonly sets: readonly ByteSet[]
  readonly ends: boolean
}

/** Positions that are told apart. */
export const depthMax = 16
/** Beginnings kept apart; with more, only first bytes are compared. */
const prefixesMax = 64

/** What may stand first. */
export interface First {
  readonly bytes: ByteSet
  /** The rest may be empty. */
  readonly end: boolean
}

export function firstOf(rest: Rest): First {
  let bytes = noBytes
  let end = false
  for (const { sets, ends } of beginnings(rest, 1)) {
    const [first] = sets
    if (first !== undefined) bytes = bytes.or(first)
    else if (ends) end = true
    else return { bytes: allBytes, end: true }
  }
  return { bytes, end }
}

/** Sets of the bytes at the first positions, whichever way is taken, as far as all ways have one; the
 *  way to the end of the line apart. */
export function columnsOf(rest: Rest, depth: number): readonly ByteSet[] {
  const all = beginnings(rest, depth).filter(({ sets, ends }) => sets.length > 0 || !ends)
  const shared = Math.min(...all.map(({ sets }) => sets.length))
  return Array.from({ length: Number.isFinite(shared) ? shared : 0 }, (_, at) =>
    all.reduce((set, { sets }) => set.or(sets[at] ?? noBytes), noBytes),
  )
}

/** True when no text can begin in both ways, seen to `depth` bytes. */
export function apart(a: Rest, b: Rest, depth: number): boolean {
  const others = beginnings(b, depth)
  return beginnings(a, depth).every((one) => others.every((other) => differ(one, other)))
}

function differ(a: Prefix, b: Prefix): boolean {
  const length = Math.min(a.sets.length, b.sets.length)
  for (let at = 0; at < length; at++) {
    if (a.sets[at]?.meets(b.sets[at] ?? noBytes) === false) return true
  }
  if (a.sets.length === b.sets.length) return false
  return a.sets.length === length ? a.ends : b.ends
}

/** What has been found of a rest, by depth: many alternatives ask for one another's. */
const found = new WeakMap<object, Map<number, readonly Prefix[]>>()

function beginnings(rest: Rest, depth: number): readonly Prefix[] {
  if (rest === null || rest === 'anything') return prefixes(rest, depth)
  const byDepth = found.get(rest) ?? new Map<number, readonly Prefix[]>()
  found.set(rest, byDepth)
  const all = byDepth.get(depth) ?? prefixesOrFirst(rest, depth)
  byDepth.set(depth, all)
  return all
}

function prefixesOrFirst(rest: Rest, depth: number): readonly Prefix[] {
  try {
    return prefixes(rest, depth)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return prefixes(rest, 1)
  }
}

/** @throws RangeError When there are too many. */
function prefixes(rest: Rest, depth: number): readonly Prefix[] {
  if (depth === 0 || rest === 'anything') return [{ sets: [], ends: false }]
  if (rest === null) return [{ sets: [], ends: true }]
  const { node, next } = rest
  switch (node.type) {
    case 'literal':
      return after(
        node.bytes.map((byte) => ByteSet.single(byte)),
        next,
        depth,
      )
    case 'one':
      return after([bytesOf(node.set)], node.set.beyond === 'none' ? next : 'anything', depth)
    case 'run': {
      const some = after([bytesOf(node.set)], 'anything', depth)
      return node.min > 0 ? some : some.concat(prefixes(next, depth))
    }
    case 'escapes': {
      const some = after([bytesOf(node.plain).or(node.lead)], 'anything', depth)
      return node.min > 0 ? some : some.concat(prefixes(next, depth))
    }
    case 'sequence':
      return prefixes(
        node.items.reduceRight<Rest>((tail, item) => ({ node: item, next: tail }), next),
        depth,
      )
    case 'choice':
      return counted(
        node.alternatives.flatMap((alternative) => prefixes({ node: alternative, next }, depth)),
        depth,
      )
    case 'repeat': {
      // Bodies are never empty, so that one is as far as this looks.
      const some = prefixes({ node: node.body, next: 'anything' }, depth)
      return node.min > 0 ? some : counted(some.concat(prefixes(next, depth)), depth)
    }
    case 'capture':
      return prefixes({ node: node.body, next }, depth)
    case 'start':
      return prefixes(next, depth)
    case 'end':
      return [{ sets: [], ends: true }]
  }
}

/** Prefixes that begin with the given sets. */
function after(sets: readonly ByteSet[], next: Rest, depth: number): readonly Prefix[] {
  if (sets.length >= depth) return [{ sets: sets.slice(0, depth), ends: false }]
  return prefixes(next, depth - sets.length).map((prefix) => ({
    sets: [...sets, ...prefix.sets],
    ends: prefix.ends,
  }))
}

function counted(all: readonly Prefix[], depth: number): readonly Prefix[] {
  if (depth > 1 && all.length > prefixesMax) throw new RangeError('too many beginnings')
  return all
}

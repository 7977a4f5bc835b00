/** What a pattern says, as a tree that the compiler can reason about. Made by read.ts from text that
 *  RE2 has accepted; `at` is the place in that text, for people. */
import { beyondAscii, type ByteSet } from './byte-set.ts'

/**
 * A set of characters. Of those beyond ASCII a scanner of bytes can know three things only: it has
 * `none` of them, `all` (U+FFFD and so invalid bytes included), or `some`, which RE2 must sort out.
 */
export interface CharSet {
  /** Members below 128. */
  readonly ascii: ByteSet
  readonly beyond: 'none' | 'some' | 'all'
}

/** Bytes at which a character of the set may begin, or go on. */
export function bytesOf(set: CharSet): ByteSet {
  return set.beyond === 'none' ? set.ascii : set.ascii.or(beyondAscii)
}

interface Placed {
  /** UTF-16 units from the start of the pattern. */
  readonly at: number
}

/** Text, as UTF-8. */
export interface Literal extends Placed {
  readonly type: 'literal'
  readonly bytes: readonly number[]
}

/** One character of a set. */
export interface One extends Placed {
  readonly type: 'one'
  readonly set: CharSet
}

/** Characters of a set, as many as `greedy` says. */
export interface Run extends Placed {
  readonly type: 'run'
  readonly set: CharSet
  readonly min: number
  readonly max: number
  readonly greedy: boolean
}

/** `(?:[^"\\]|\\.)*` and its like: plain characters, and pairs that begin with a lead of their own. */
export interface Escapes extends Placed {
  readonly type: 'escapes'
  readonly plain: CharSet
  readonly lead: ByteSet
  readonly second: CharSet
  readonly min: number
}

export interface Sequence extends Placed {
  readonly type: 'sequence'
  readonly items: readonly Node[]
}

/** Alternatives in order of preference; an optional part has an empty one. */
export interface Choice extends Placed {
  readonly type: 'choice'
  readonly alternatives: readonly Node[]
}

/** A part that is more than one character, repeated. */
export interface Repeat extends Placed {
  readonly type: 'repeat'
  readonly body: Node
  readonly min: number
  readonly max: number
  readonly greedy: boolean
}

export interface Capture extends Placed {
  readonly type: 'capture'
  /** From 0, in the order of opening parentheses. */
  readonly group: number
  readonly body: Node
}

/** The start or the end of the line. */
export interface Edge extends Placed {
  readonly type: 'start' | 'end'
}

export type Node = Literal | One | Run | Escapes | Sequence | Choice | Repeat | Capture | Edge

/** A pattern, or a part of one, that cannot become a scanner. */
export class Refusal extends Error {
  /** UTF-16 units from the start of the pattern. */
  readonly at: number

  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}

/** Groups in a part of a pattern. */
export function groupsIn(node: Node): readonly number[] {
  switch (node.type) {
    case 'sequence':
      return node.items.flatMap(groupsIn)
    case 'choice':
      return node.alternatives.flatMap(groupsIn)
    case 'repeat':
      return groupsIn(node.body)
    case 'capture':
      return [node.group, ...groupsIn(node.body)]
    case 'literal':
    case 'one':
    case 'run':
    case 'escapes':
    case 'start':
    case 'end':
      return []
  }
}

/** True when a part can match nothing at all. */
export function canBeEmpty(node: Node): boolean {
  switch (node.type) {
    case 'literal':
    case 'one':
      return false
    case 'run':
    case 'escapes':
      return node.min === 0
    case 'sequence':
      return node.items.every(canBeEmpty)
    case 'choice':
      return node.alternatives.some(canBeEmpty)
    case 'repeat':
      return node.min === 0 || canBeEmpty(node.body)
    case 'capture':
      return canBeEmpty(node.body)
    case 'start':
    case 'end':
      return true
  }
}

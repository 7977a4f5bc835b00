/** The tree of a pattern as the reader made it → the same with fewer, larger parts: characters become
 *  literals, repeated characters runs, and quoted text with escapes a part of its own. */
import { ByteSet } from './byte-set.ts'
import {
  bytesOf,
  canBeEmpty,
  groupsIn,
  Refusal,
  type CharSet,
  type Node,
  type Repeat,
} from './ir.ts'

/** Copies of a part that `{n,m}` may need. */
const copiesMax = 16

/** @throws Refusal Where a repetition is of a kind that no scanner can do. */
export function normal(node: Node): Node {
  switch (node.type) {
    case 'sequence':
      return sequence(node.items.map(normal), node.at)
    case 'choice':
      return { ...node, alternatives: node.alternatives.map(normal) }
    case 'capture':
      return { ...node, body: normal(node.body) }
    case 'repeat':
      return repeat({ ...node, body: normal(node.body) })
    case 'one': {
      const [byte, ...more] = node.set.ascii.ranges
      const alone = byte !== undefined && more.length === 0 && byte[0] === byte[1]
      if (!alone || node.set.beyond !== 'none') return node
      return { type: 'literal', bytes: [byte[0]], at: node.at }
    }
    case 'literal':
    case 'run':
    case 'escapes':
    case 'start':
    case 'end':
      return node
  }
}

/** Flat, with neighbouring literals as one. */
function sequence(items: readonly Node[], at: number): Node {
  const flat: Node[] = []
  for (const item of items.flatMap((part) => (part.type === 'sequence' ? part.items : [part]))) {
    const last = flat.at(-1)
    if (item.type === 'literal' && last?.type === 'literal') {
      flat[flat.length - 1] = { ...last, bytes: [...last.bytes, ...item.bytes] }
    } else flat.push(item)
  }
  const [only] = flat
  return only !== undefined && flat.length === 1 ? only : { type: 'sequence', items: flat, at }
}

function repeat(node: Repeat): Node {
  const { body, min, max, greedy, at } = node
  const set = charSetOf(body)
  if (set !== null) {
    // With more than one character wanted, bytes and characters are counted apart; see `one`.
    const single: Node = { type: 'one', set, at }
    const head = new Array<Node>(min > 1 ? min : 0).fill(single)
    if (head.length > 64) throw new Refusal(`more than 64 copies of a character`, at)
    const rest = { min: min > 1 ? 0 : min, max: min > 1 ? max - min : max }
    if (rest.max === 0) return sequence(head, at)
    return sequence([...head, { type: 'run', set, ...rest, greedy, at }], at)
  }
  return escapes(node) ?? optionals(node)
}

function charSetOf(node: Node): CharSet | null {
  if (node.type === 'one') return node.set
  if (node.type !== 'literal' || node.bytes.length !== 1) return null
  return { ascii: ByteSet.of(node.bytes[0] ?? 0), beyond: 'none' }
}

/** `(?:[^"\\]|\\.)*`. */
function escapes({ body, min, max, greedy, at }: Repeat): Node | null {
  if (body.type !== 'choice' || body.alternatives.length !== 2) return null
  if (min > 1 || max !== Infinity || !greedy) return null
  const single = body.alternatives.map(charSetOf).find((found) => found !== null)
  const pair = body.alternatives.map(pairOf).find((found) => found !== null)
  if (single === undefined || pair === undefined) return null
  // The lead must tell the two apart, and bytes beyond ASCII must do so whichever takes them.
  if (pair.lead.beyond !== 'none' || bytesOf(single).meets(pair.lead.ascii)) return null
  if (single.beyond !== 'all' || pair.second.beyond !== 'all') return null
  return { type: 'escapes', plain: single, lead: pair.lead.ascii, second: pair.second, min, at }
}

function pairOf(node: Node): { lead: CharSet; second: CharSet } | null {
  if (node.type !== 'sequence' || node.items.length !== 2) return null
  const [lead, second] = node.items.map(charSetOf)
  return lead === null || second === null || lead === undefined || second === undefined
    ? null
    : { lead, second }
}

/** Repetitions with a bound as copies, so that only `*` of a part is left to be a loop. */
function optionals(node: Repeat): Node {
  const { body, min, max, greedy, at } = node
  const empty: Node = { type: 'sequence', items: [], at }
  const copies = max === Infinity ? min + 1 : max
  if (groupsIn(body).length > 0 && (max === Infinity || copies > 1)) {
    throw new Refusal('a group inside a repeated part', at)
  }
  if (canBeEmpty(body) && max === Infinity)
    throw new Refusal('a repeated part that can be empty', at)
  if (max === Infinity && !greedy) throw new Refusal('a lazily repeated part', at)
  if (copies > copiesMax) throw new Refusal(`more than ${copiesMax} copies of a part`, at)
  let rest: Node = empty
  if (max === Infinity) rest = { ...node, min: 0 }
  else {
    for (let copy = min; copy < max; copy++) {
      const more = sequence([body, rest], at)
      rest = { type: 'choice', alternatives: greedy ? [more, empty] : [empty, more], at }
    }
  }
  return sequence([...new Array<Node>(min).fill(body), rest], at)
}

/** The tree of a pattern → a program that finds RE2's match, or says that it cannot.
 *
 *  The program tries ways in RE2's order of preference and takes the first that reaches the end of
 *  the line, so that what it finds is RE2's match. Most ways need no trying: where beginnings differ
 *  (prefixes.ts) one byte decides. Where they do not, the program keeps a *choice point*, a place to
 *  come back to; they form a chain through locals, without a stack, as each is at most once in it.
 *  A choice point that cannot be kept (inside a loop) is *pruned*: coming back to it ends in
 *  `unsure`. Fuel bounds how often it comes back, so that time is linear in the line. */
import type { PatternNote } from '../parser.ts'
import { bytesOf, groupsIn } from './ir.ts'
import type { Choice, Escapes, Literal, Node, One, Repeat } from './ir.ts'
import { runPart } from './lower-run.ts'
import { Lowering, PRUNED } from './lowering.ts'
import { apart, depthMax, firstOf, type First, type Rest } from './prefixes.ts'
import type { Condition, Program, Statement } from './program.ts'

/** Locals of a group: where its text starts and ends; -1 where it has none. */
export function groupLocals(group: number): { readonly start: string; readonly end: string } {
  return { start: `g${group}s`, end: `g${group}e` }
}

/**
 * @param accept Runs when the line fits: fills the row from the locals of the groups.
 * @throws Refusal or RangeError Where the pattern cannot become a program.
 */
export function lower(
  node: Node,
  accept: readonly Statement[],
): { program: Program; notes: PatternNote[] } {
  const to = new Lowering()
  const groups = groupsIn(node)
  to.emit(...absent(groups))
  part(to, node, null)
  const { locals, ...program } = to.finish(accept)
  const own = groups.flatMap((group) => Object.values(groupLocals(group)))
  return { program: { ...program, locals: [...locals, ...own] }, notes: to.notes }
}

function absent(groups: readonly number[]): Statement[] {
  return groups.map((group) => ['set', groupLocals(group).start, -1])
}

function part(to: Lowering, node: Node, rest: Rest): void {
  switch (node.type) {
    case 'literal':
    case 'one':
      return fixed(to, [node])
    case 'run':
      return runPart(to, node, rest)
    case 'escapes':
      return escapesPart(to, node, rest)
    case 'sequence':
      return sequencePart(to, node.items, rest)
    case 'choice':
      return choicePart(to, node, rest)
    case 'repeat':
      return repeatPart(to, node, rest)
    case 'capture': {
      const { start, end } = groupLocals(node.group)
      // The start is set last, so that -1 stands until the group is whole.
      const from = to.local()
      to.emit(['set', from, 'p'])
      part(to, node.body, rest)
      to.emit(['set', start, from], ['set', end, 'p'])
      return
    }
    case 'start':
      return to.failIf(['!=', 'p', 's'])
    case 'end':
      return to.failIf(['!=', 'p', 'e'])
  }
}

function restOf(items: readonly Node[], rest: Rest): Rest {
  return items.reduceRight<Rest>((next, node) => ({ node, next }), rest)
}

function sequencePart(to: Lowering, items: readonly Node[], rest: Rest): void {
  for (let index = 0; index < items.length;) {
    const simple: (Literal | One)[] = []
    for (let item = items[index]; item !== undefined; item = items[index]) {
      if (item.type !== 'literal' && item.type !== 'one') break
      simple.push(item)
      index += 1
    }
    if (simple.length > 0) fixed(to, simple)
    const item = items[index++]
    if (item !== undefined) part(to, item, restOf(items.slice(index), rest))
  }
}

/** Characters of a known number of bytes. */
function fixed(to: Lowering, parts: readonly (Literal | One)[]): void {
  const length = parts.reduce((sum, node) => sum + (node.type === 'one' ? 1 : node.bytes.length), 0)
  to.failIf(['<', ['-', 'e', 'p'], length])
  let offset = 0
  for (const node of parts) {
    if (node.type === 'literal') {
      to.failIf(['not text', 'p', offset, node.bytes])
      offset += node.bytes.length
      continue
    }
    const byte = ['byte', ['+', 'p', offset]] as const
    // More bytes than one are one character then, or invalid; a scanner cannot tell.
    if (node.set.beyond !== 'none') to.unsureIf(['>=', byte, 128])
    to.failIf(['not in', byte, node.set.ascii])
    offset += 1
  }
  to.emit(['set', 'p', ['+', 'p', length]])
}

function escapesPart(to: Lowering, node: Escapes, rest: Rest): void {
  const plain = bytesOf(node.plain)
  const from = to.local()
  if (node.min > 0) to.emit(['set', from, 'p'])
  const label = to.label()
  const entry = to.entry(label)
  to.place(label)
  const pair: Condition = [
    'and',
    [
      ['<', ['+', 'p', 1], 'e'],
      ['in', ['byte', 'p'], node.lead],
      ['in', ['byte', ['+', 'p', 1]], bytesOf(node.second)],
    ],
  ]
  to.emit(
    ['scan', { local: 'p', stop: plain.not(), then: [], limit: 'e' }],
    ['while', pair, [['set', 'p', ['+', 'p', 2]]]],
    [
      'if',
      [
        'and',
        [
          ['<', 'p', 'e'],
          ['in', ['byte', 'p'], plain],
        ],
      ],
      [['enter', entry]],
    ],
  )
  if (node.min > 0) to.failIf(['=', 'p', from])
  if (firstOf(rest).bytes.meets(plain.or(node.lead))) prune(to, node.at)
}

function prune(to: Lowering, at: number): void {
  to.note(at, 'what follows may begin inside this part; RE2 sorts out the lines where it does')
  to.emit(['set', 'last', PRUNED])
}

/** Goes to a label when nothing that stands here can begin there. */
function skipUnless(to: Lowering, { bytes, end }: First, label: number): void {
  if (bytes.size === 256) {
    if (!end) to.emit(['if', ['=', 'p', 'e'], [['goto', label]]])
    return
  }
  const missing: Statement = ['if', ['not in', ['byte', 'p'], bytes], [['goto', label]]]
  if (end) to.emit(['if', ['<', 'p', 'e'], [missing]])
  else to.emit(['if', ['=', 'p', 'e'], [['goto', label]]], missing)
}

function choicePart(to: Lowering, node: Choice, rest: Rest): void {
  const join = to.label()
  const { alternatives } = node
  const groups = alternatives.map(groupsIn)
  const ways = alternatives.map((alternative): Rest => ({ node: alternative, next: rest }))
  for (const [index, alternative] of alternatives.entries()) {
    const others = ways.slice(index + 1)
    to.emit(...absent(groups.filter((_, other) => other !== index).flat()))
    if (others.length === 0) {
      part(to, alternative, rest)
      break
    }
    const here = ways[index] ?? null
    const otherwise = to.label()
    skipUnless(to, firstOf(here), otherwise)
    const comeBack = preferred(to, alternative, rest, otherwise, (depth) =>
      others.every((other) => apart(here, other, depth)),
    )
    to.emit(['goto', join])
    comeBack?.()
    to.place(otherwise)
  }
  to.place(join)
}

/** `(?:…)*`: an iteration is preferred to going on. */
function repeatPart(to: Lowering, node: Repeat, rest: Rest): void {
  const [head, exit] = [to.label(), to.label()]
  const entry = to.entry(head)
  const chain = to.local()
  const next: Rest = { node, next: rest }
  to.place(head)
  to.emit(['set', chain, 'last'])
  skipUnless(to, firstOf({ node: node.body, next: 'anything' }), exit)
  const comeBack = preferred(to, node.body, next, exit, (depth) =>
    apart({ node: node.body, next }, rest, depth),
  )
  // A choice point inside would be overwritten by that of the next iteration.
  to.emit(['if', ['!=', 'last', chain], [['set', 'last', PRUNED]]], ['enter', entry])
  comeBack?.()
  to.place(exit)
}

/**
 * A part that is tried first, with a choice point if something else may fit as well.
 * @param otherwise Where to go when the part does not even begin here.
 * @param isApart Whether so many bytes tell it from everything else that may stand here.
 * @returns What emits the way back, to be called where that way goes on; null when there is none.
 */
function preferred(
  to: Lowering,
  node: Node,
  rest: Rest,
  otherwise: number,
  isApart: (depth: number) => boolean,
): (() => void) | null {
  if (isApart(1)) {
    part(to, node, rest)
    return null
  }
  const [head, ...tail] = node.type === 'sequence' ? node.items : [node]
  const text = head?.type === 'literal' ? head.bytes : []
  if (text.length > 0) {
    to.emit(['if', ['<', ['-', 'e', 'p'], text.length], [['goto', otherwise]]])
    to.emit(['if', ['not text', 'p', 0, text], [['goto', otherwise]]])
  }
  const advance: Statement = ['set', 'p', ['+', 'p', text.length]]
  if (text.length > 0 && isApart(Math.min(text.length, depthMax))) {
    // Its text has decided: nothing else fits here.
    to.emit(advance)
    sequencePart(to, tail, rest)
    return null
  }
  const label = to.label()
  const point = to.choicePoint(label)
  to.emit(['set', point.place, 'p'], ...to.pushed(point))
  if (text.length > 0) {
    to.emit(advance)
    sequencePart(to, tail, rest)
  } else part(to, node, rest)
  return () => {
    to.place(label)
    to.resume(point)
  }
}

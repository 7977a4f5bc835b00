/** Repeated characters → statements. Where what follows cannot begin inside the run, the run ends at
 *  the first byte outside it. Else the places where it may end are tried, from the right when
 *  greedy, from the left when lazy: at each byte with which what follows may begin. */
import { beyondAscii, ByteSet } from './byte-set.ts'
import { bytesOf, type CharSet, type Run } from './ir.ts'
import type { Lowering } from './lowering.ts'
import { columnsOf, firstOf, type First, type Rest } from './prefixes.ts'

/** No line has one, so that a set with all bytes but this is full. */
const lineFeed = ByteSet.of(10)

export function runPart(to: Lowering, node: Run, rest: Rest): void {
  const first = firstOf(rest)
  // Characters are counted in bytes, which holds for ASCII only.
  const counted = node.max !== Infinity
  const set: CharSet =
    counted && node.set.beyond === 'all' ? { ascii: node.set.ascii, beyond: 'some' } : node.set
  if (!first.bytes.meets(bytesOf(set))) return toFirstOutside(to, node, set)
  if (node.greedy) fromTheRight(to, node, set, first, rest)
  else fromTheLeft(to, node, set, first, rest)
}

/** The local or variable up to which a run may go. */
function limitOf(to: Lowering, { max }: Run): string {
  if (max === Infinity) return 'e'
  const limit = to.local()
  to.emit(
    ['set', limit, 'e'],
    ['if', ['>', ['-', 'e', 'p'], max], [['set', limit, ['+', 'p', max]]]],
  )
  return limit
}

function scanOver(to: Lowering, set: CharSet, limit: string): void {
  const inside = set.beyond === 'all' ? bytesOf(set) : set.ascii
  const isAll = inside.or(lineFeed).size === 256
  if (isAll) to.emit(['set', 'p', limit])
  else to.emit(['scan', { local: 'p', stop: inside.not(), then: [], limit }])
  if (set.beyond !== 'some') return
  to.unsureIf([
    'and',
    [
      ['<', 'p', limit],
      ['>=', ['byte', 'p'], 128],
    ],
  ])
}

function toFirstOutside(to: Lowering, node: Run, set: CharSet): void {
  const from = to.local()
  if (node.min > 0) to.emit(['set', from, 'p'])
  scanOver(to, set, limitOf(to, node))
  if (node.min > 0) to.failIf(['=', 'p', from])
}

/** A place where what follows begins beyond ASCII may lie inside a character of the run. */
function unsureBeyond(to: Lowering, set: CharSet, first: First, at: string): void {
  if (set.beyond === 'none' || !first.bytes.meets(beyondAscii)) return
  to.unsureIf([
    'and',
    [
      ['<', at, 'e'],
      ['>=', ['byte', at], 128],
    ],
  ])
}

function fromTheRight(to: Lowering, node: Run, set: CharSet, first: First, rest: Rest): void {
  to.note(node.at, 'what follows may begin inside this run, whose end is tried from the right')
  const again = to.label()
  const point = to.choicePoint(again)
  const [low, at, top] = [to.local(), to.local(), to.local()]
  to.emit(['set', low, ['+', 'p', node.min]])
  scanOver(to, set, limitOf(to, node))
  to.failIf(['<', 'p', low])
  // A run inside a repetition is looked over again from each of its bytes, when all has failed.
  if (bytesOf(set).or(lineFeed).size < 256) {
    to.emit(['set', 'fuel', ['-', 'fuel', ['>>', ['-', 'p', low], 4]]])
  }
  // What follows cares for its place alone: places that have failed for another start of this run
  // with the same end fail again.
  const [ending, tried] = [to.local(-1), to.local()]
  to.emit(
    [
      'if',
      ['!=', ending, 'p'],
      [
        ['set', ending, 'p'],
        ['set', tried, ['+', 'p', 1]],
      ],
    ],
    ['set', 'p', ['-', tried, 1]],
  )
  to.failIf(['<', 'p', low])
  to.emit(['set', point.place, 'p'], ['set', point.before, 'last'])
  to.place(again)
  to.resume(point)
  to.emit(['set', at, 'p'])
  const found = to.label()
  if (first.end) to.emit(['if', ['=', at, 'e'], [['goto', found]]])
  to.emit(
    ['if', ['=', at, 'e'], [['set', at, ['-', at, 1]]]],
    ['set', top, at],
    ['scan back', { local: at, want: first.bytes, then: columnsOf(rest, 2)[1] ?? null, low }],
    ['set', 'fuel', ['-', 'fuel', ['>>', ['-', top, at], 4]]],
  )
  // Fuel is for bytes that were looked at, which those up to the end of a full run were not.
  to.emit([
    'if',
    ['<', at, low],
    [
      ['set', tried, low],
      ['set', 'p', low],
      ['goto', to.fail],
    ],
  ])
  unsureBeyond(to, set, first, at)
  to.place(found)
  to.emit(['set', tried, at])
  const further = [
    ['set', point.place, ['-', at, 1]],
    ['set', 'last', point.entry],
  ] as const
  to.emit(['if', ['>', at, low], further], ['set', 'p', at])
}

function fromTheLeft(to: Lowering, node: Run, set: CharSet, first: First, rest: Rest): void {
  to.note(node.at, 'what follows may begin inside this run, whose end is tried from the left')
  const again = to.label()
  const point = to.choicePoint(again)
  const limit = limitOf(to, node)
  const inside = set.beyond === 'all' ? bytesOf(set) : set.ascii
  const [from, tried] = [to.local(), to.local()]
  if (node.min > 0) {
    to.failIf(['=', 'p', limit])
    if (set.beyond === 'some') to.unsureIf(['>=', ['byte', 'p'], 128])
    to.failIf(['not in', ['byte', 'p'], inside])
    to.emit(['set', 'p', ['+', 'p', 1]])
  }
  // As from the right: what has failed for an earlier start fails again.
  const isKnown = [
    'and',
    [
      ['>=', 'p', from],
      ['<', 'p', tried],
    ],
  ] as const
  const anew = [
    ['set', from, 'p'],
    ['set', tried, 'p'],
  ] as const
  to.emit(
    ['if', isKnown, [['set', 'p', tried]]],
    ['if', ['!=', 'p', tried], anew],
    ['set', point.place, 'p'],
    ['set', point.before, 'last'],
  )
  // All up to beyond the limit has failed before.
  if (limit !== 'e') to.failIf(['>', 'p', limit])
  to.place(again)
  to.resume(point)
  const [found, atLimit] = [to.label(), to.label()]
  // A run of anything ends where the line does, so that what does not begin as it must is passed by.
  const isAll = inside.or(lineFeed).size === 256
  const then = isAll ? columnsOf(rest, 3).slice(1) : []
  to.emit(['scan', { local: 'p', stop: inside.not().or(first.bytes), then, limit }])
  to.emit(['if', ['=', 'p', limit], [['goto', atLimit]]])
  unsureBeyond(to, set, first, 'p')
  if (set.beyond === 'some') to.unsureIf(['>=', ['byte', 'p'], 128])
  const isInside = ['in', ['byte', 'p'], inside] as const
  const further = [
    ['set', point.place, ['+', 'p', 1]],
    ['set', tried, point.place],
    ['set', 'last', point.entry],
  ] as const
  to.emit(['if', isInside, further])
  to.failIf(['not in', ['byte', 'p'], first.bytes])
  to.emit(['goto', found])
  to.place(atLimit)
  // At its limit a run has no way to go on; what follows begins here or nowhere.
  if (!first.end) to.failIf(['=', 'p', 'e'])
  to.place(found)
}

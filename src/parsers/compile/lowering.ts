/** Collects the blocks of one program while lower.ts walks a pattern: labels, locals, choice points
 *  and the way back to them. Knows nothing of patterns. */
import type { PatternNote } from '../parser.ts'
import { verdict, type Condition, type Program, type Statement } from './program.ts'

/** Value of `last` when there is nothing to come back to. */
const NONE = 0
/** Value of `last` when what there was has been pruned. */
export const PRUNED = -1
/** Fuel at the start, and more for each byte of the line; one return costs `returnCost` and what was
 *  read in vain. Ordinary lines use a hundredth of it. */
const fuelBase = 4_096
const fuelPerByte = 16
const returnCost = 8
const blocksMax = 600

/** Locals of a choice point: where to come back to, and the choice point before it. */
export interface ChoicePoint {
  readonly entry: number
  readonly place: string
  readonly before: string
}

/** Collects the blocks of one program. */
export class Lowering {
  readonly notes: PatternNote[] = []
  readonly #locals: string[] = ['last', 'fuel', 's']
  readonly #initial: Statement[] = []
  readonly #blocks: Statement[][] = [[]]
  /** Block by label; -1 until it is placed. */
  readonly #labels: number[] = []
  /** Labels by entry number. */
  readonly #entries: number[] = []
  #choices = 0
  readonly fail: number

  constructor() {
    this.#entries.push(this.label())
    this.#labels[0] = 0
    this.fail = this.label()
  }

  emit(...statements: readonly Statement[]): void {
    this.#blocks.at(-1)?.push(...statements)
  }

  /** @param value What it is when the program begins. */
  local(value = 0): string {
    const name = `t${this.#locals.length}`
    this.#locals.push(name)
    if (value !== 0) this.#initial.push(['set', name, value])
    return name
  }

  label(): number {
    return this.#labels.push(-1) - 1
  }

  place(label: number): void {
    this.#labels[label] = this.#blocks.length
    this.#blocks.push([])
  }

  /** A block that `enter` reaches. */
  entry(label: number): number {
    return this.#entries.push(label) - 1
  }

  note(at: number, text: string): void {
    this.notes.push({ at, text })
  }

  failIf(condition: Condition): void {
    this.emit(['if', condition, [['goto', this.fail]]])
  }

  unsureIf(condition: Condition): void {
    this.emit(['if', condition, [['return', verdict.unsure]]])
  }

  /** A choice point whose resumption is the block of a label. */
  choicePoint(label: number): ChoicePoint {
    this.#choices += 1
    return { entry: this.entry(label), place: this.local(), before: this.local() }
  }

  /** Statements that end in a chain with this choice point as its newest. */
  pushed({ entry, before }: ChoicePoint): readonly Statement[] {
    return [
      ['set', before, 'last'],
      ['set', 'last', entry],
    ]
  }

  /** Comes back: to the place and the chain as they were, with less fuel for what was in vain. */
  resume({ place, before }: ChoicePoint): void {
    this.emit(
      ['set', 'last', before],
      ['set', 'fuel', ['-', 'fuel', ['+', returnCost, ['>>', ['-', 'p', place], 2]]]],
    )
    this.unsureIf(['<', 'fuel', 0])
    this.emit(['set', 'p', place])
  }

  finish(accept: readonly Statement[]): Program {
    this.failIf(['!=', 'p', 'e'])
    this.emit(...accept, ['return', verdict.yes])
    this.place(this.fail)
    if (this.#entries.length > 1) {
      this.unsureIf(['=', 'last', PRUNED])
      this.emit(['if', ['!=', 'last', NONE], [['enter', 'last']]])
    }
    this.emit(['return', verdict.no])
    if (this.#blocks.length > blocksMax) throw new RangeError('the pattern is too large')
    this.#blocks[0]?.unshift(...this.#start())
    const blocks = this.#blocks.map((block) => block.map((statement) => this.#placed(statement)))
    const entries = this.#entries.map((label) => this.#labels[label] ?? 0)
    return { locals: this.#locals, blocks, entries }
  }

  #start(): Statement[] {
    const fuel: Statement = ['set', 'fuel', ['+', fuelBase, ['*', ['-', 'e', 'p'], fuelPerByte]]]
    const begun: Statement[] = [['set', 's', 'p'], ['set', 'last', NONE], ...this.#initial] // prettier-ignore
    return this.#choices > 0 ? [...begun, fuel] : begun
  }

  #placed(statement: Statement): Statement {
    if (statement[0] === 'goto') return ['goto', this.#labels[statement[1]] ?? 0]
    if (statement[0] !== 'if' && statement[0] !== 'while') return statement
    return [statement[0], statement[1], statement[2].map((inner) => this.#placed(inner))]
  }
}

/** A program → JavaScript. The form for engines without WebAssembly SIMD, and the check of the other.
 *  Blocks become nested labels, so that going on to a later one is a `break`; entries are reached
 *  through one switch. The text is made of numbers and of names of ours, never of a pattern's. */
import type { ByteSet } from './byte-set.ts'
import type { Condition, Expression, NumberKind, Program, Statement } from './program.ts'

/** What the generated code calls; undefined: the bytes are no such number. */
export type Reads = Readonly<
  Record<NumberKind, (bytes: Uint8Array, start: number, end: number) => number | undefined>
>

/** Columns of one batch. */
export interface Arrays {
  readonly positions: readonly Int32Array[]
  readonly numbers: readonly Float64Array[]
}

/** @returns A verdict; fills the row when it is yes. */
export type Matcher = (bytes: Uint8Array, start: number, end: number, row: number) => number

export interface JsForm {
  /** Says which columns the matchers fill from now on. */
  bind(arrays: Arrays): void
  readonly matchers: readonly Matcher[]
  /** Empties a row. */
  readonly clear: (row: number) => void
}

/** Compiles programs that fill the same columns. */
export function emitJs(
  programs: readonly Program[],
  clear: readonly Statement[],
  columns: { readonly positions: number; readonly numbers: number },
  reads: Reads,
): JsForm {
  const printer = new Printer()
  const matchers = programs.map((program) => printer.matcher(program))
  const names = [
    ...Array.from({ length: columns.positions }, (_, at) => [`i${at}`, `positions[${at}]`]),
    ...Array.from({ length: columns.numbers }, (_, at) => [`f${at}`, `numbers[${at}]`]),
  ]
  const source = `'use strict'
let ${names.map(([name]) => name).join(', ')}
return {
  bind: ({ positions, numbers }) => { ${names.map(([name, from]) => `${name} = ${from}`).join('; ')} },
  clear: (row) => { ${clear.map((statement) => printer.statement(statement)).join(' ')} },
  matchers: [${matchers.join(',\n')}],
}`
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- Code made for one pattern is the point.
  const make = new Function('tables', 'reads', source) as (
    tables: readonly Uint8Array[],
    reads: Reads,
  ) => JsForm
  return make(printer.tables, reads)
}

/** Members up to which a set is compared byte by byte, not looked up. */
const comparedMax = 3

class Printer {
  readonly tables: Uint8Array[] = []
  readonly #known = new Map<string, number>()

  matcher({ locals, blocks, entries }: Program): string {
    const targets = [...new Set([...entries, ...blocks.flatMap(gotos)])].sort((a, b) => b - a)
    const inner = targets.filter((block) => block > 0)
    const cases = entries
      .map((block, entry) => (block === 0 ? '' : `case ${entry}: break b${block};`))
      .join(' ')
    let text = cases.trim() === '' ? '' : `switch (pc) { ${cases} }`
    for (const [index, block] of blocks.entries()) {
      if (inner.includes(index)) text += `}`
      text += block.map((statement) => this.statement(statement)).join('\n')
    }
    const opened = inner.map((block) => `b${block}: {`).join(' ')
    const declared = locals.map((local) => `${local} = 0`).join(', ')
    return `(b, p, e, row) => {
let pc = 0, x = 0, ${declared};
for (;;) { ${opened}
${text}
} }`
  }

  statement(statement: Statement): string {
    switch (statement[0]) {
      case 'set':
        return `${statement[1]} = ${this.#value(statement[2])};`
      case 'if':
      case 'while': {
        const inner = statement[2].map((one) => this.statement(one)).join(' ')
        return `${statement[0]} (${this.#condition(statement[1])}) { ${inner} }`
      }
      case 'goto':
        return `break b${statement[1]};`
      case 'enter':
        return `pc = ${this.#value(statement[1])}; continue;`
      case 'return':
        return `return ${statement[1]};`
      case 'scan': {
        const { local, stop, then, limit } = statement[1]
        const found = [stop, ...then].map((set, at) => this.#member(`b[${local} + ${at}]`, set))
        return `while (${local} < ${limit} && !(${found.join(' && ')})) ${local}++;`
      }
      case 'scan back': {
        const { local, want, then, low } = statement[1]
        const next = then === null ? '' : ` && ${this.#member(`b[${local} + 1]`, then)}`
        const found = `${this.#member(`b[${local}]`, want)}${next}`
        return `while (${local} >= ${low} && !(${found})) ${local}--;`
      }
      case 'store':
        return `i${statement[1]}[row] = ${this.#value(statement[2])};`
      case 'store nan':
        return `f${statement[1]}[row] = NaN;`
      case 'store number': {
        const [, kind, column, start, end] = statement
        const read = `x = reads.${kind}(b, ${start}, ${end}); if (x === undefined) return 0;`
        return `if (${start} < 0) x = NaN; else { ${read} } f${column}[row] = x;`
      }
    }
  }

  #value(expression: Expression): string {
    if (!Array.isArray(expression)) return String(expression)
    const [sign, a, b] = expression as readonly [string, Expression, Expression]
    if (sign === 'byte') return `b[${this.#value(a)}]`
    return `(${this.#value(a)} ${sign} ${this.#value(b)})`
  }

  #condition(condition: Condition): string {
    switch (condition[0]) {
      case 'in':
        return this.#member(this.#value(condition[1]), condition[2])
      case 'not in':
        return `!${this.#member(this.#value(condition[1]), condition[2])}`
      case 'text':
      case 'not text': {
        const [, local, offset, bytes] = condition
        const equal = bytes.map((byte, at) => `b[${local} + ${offset + at}] === ${byte}`)
        return `${condition[0] === 'text' ? '' : '!'}(${equal.join(' && ')})`
      }
      case 'and':
        return condition[1].map((part) => this.#condition(part)).join(' && ')
      case '=':
      case '!=':
        return `${this.#value(condition[1])} ${condition[0] === '=' ? '===' : '!=='} ${this.#value(condition[2])}`
      case '<':
      case '<=':
      case '>':
      case '>=':
        return `${this.#value(condition[1])} ${condition[0]} ${this.#value(condition[2])}`
    }
  }

  /** A test of a byte, in parentheses where needed. */
  #member(byte: string, set: ByteSet): string {
    if (set.size <= comparedMax) {
      const members = set.ranges.flatMap(([low, high]) =>
        Array.from({ length: high - low + 1 }, (_, at) => low + at),
      )
      const tests = members.map((member, at) => `${at === 0 ? `(x = ${byte})` : 'x'} === ${member}`)
      return tests.length === 0 ? 'false' : `(${tests.join(' || ')})`
    }
    return `(tables[${this.#table(set)}][${byte}] === 1)`
  }

  #table(set: ByteSet): number {
    const known = this.#known.get(set.key)
    if (known !== undefined) return known
    this.#known.set(set.key, this.tables.push(set.table) - 1)
    return this.tables.length - 1
  }
}

/** Blocks that a block goes to. */
function gotos(statements: readonly Statement[]): number[] {
  return statements.flatMap((statement) => {
    if (statement[0] === 'goto') return [statement[1]]
    return statement[0] === 'if' || statement[0] === 'while' ? gotos(statement[2]) : []
  })
}

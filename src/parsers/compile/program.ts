/** The small language between a pattern's tree and the two forms that run: a matcher is a list of
 *  blocks over whole numbers, which emit-js.ts prints and emit-wasm.ts encodes. One meaning, told
 *  once; what differs between the forms is how they scan. */
import type { ByteSet } from './byte-set.ts'

/** A local variable, all of them 32 bits, or a number. `p` is where the matcher stands, `e` the end
 *  of the line, `row` the row to fill. */
export type Operand = string | number

export type Expression =
  | Operand
  | readonly ['+' | '-' | '*' | '>>', Expression, Expression]
  /** The byte at a place. */
  | readonly ['byte', Expression]

export type Condition =
  | readonly ['=' | '!=' | '<' | '<=' | '>' | '>=', Expression, Expression]
  | readonly ['in' | 'not in', Expression, ByteSet]
  /** The bytes at so many after a local are (not) these; the caller knows that so many are there. */
  | readonly ['text' | 'not text', string, number, readonly number[]]
  | readonly ['and', readonly Condition[]]

/** How a matcher ends. */
export const verdict = {
  /** The pattern does not fit: certain, as RE2 would say. */
  no: 0,
  yes: 1,
  /** RE2 must say. */
  unsure: 2,
} as const

/** What bytes are read as: a type of a field, or the event time. */
export type NumberKind = 'int' | 'float' | 'seconds' | 'microseconds' | 'time'

/** A search to the right. */
export interface Scan {
  readonly local: string
  readonly stop: ByteSet
  /** What may stand after it, byte by byte; those behind the limit do not matter. */
  readonly then: readonly ByteSet[]
  readonly limit: Operand
}

export type Statement =
  | readonly ['set', string, Expression]
  | readonly ['if' | 'while', Condition, readonly Statement[]]
  /** To the beginning of a later block. */
  | readonly ['goto', number]
  /** To a block that was named as an entry, by its number there; also to an earlier one. */
  | readonly ['enter', Expression]
  | readonly ['return', number]
  /** Moves a local on to the first byte of `stop` that bytes of `then` follow, at most to a limit. */
  | readonly ['scan', Scan]
  /** Moves a local back to the last byte of `want`, followed by one of `then`; below `low` if none. */
  | readonly [
      'scan back',
      {
        readonly local: string
        readonly want: ByteSet
        readonly then: ByteSet | null
        readonly low: Operand
      },
    ]
  /** Writes a whole number into a column of positions. */
  | readonly ['store', number, Expression]
  /** Reads the bytes from one local to another into a column of numbers; NaN where the first is
   *  negative. Returns `no` where they are no such number, or `unsure`. */
  | readonly ['store number', NumberKind, number, string, string]
  | readonly ['store nan', number]

export interface Program {
  readonly locals: readonly string[]
  readonly blocks: readonly (readonly Statement[])[]
  /** Blocks that `enter` reaches, by number; the first is where the matcher begins. */
  readonly entries: readonly number[]
}

/** What the searches for many texts share: what is looked for, and who is told. */

/** A text to be found, as UTF-8. */
export interface Literal {
  readonly bytes: Buffer
  /** It counts only at the start of the value. */
  readonly atStart: boolean
  /** It counts only at the end of the value. */
  readonly atEnd: boolean
}

/** Is told of every place where a literal stands. */
export interface HitSink {
  /** @param literal Its index in the list given. */
  hit(literal: number, at: number): void
}

/** What is wrong with a report that a person or a program sent: its faults, field by field, and the
 *  error that tells them in one sentence. */
import type { z } from 'zod'
import { LastpushError, type ErrorCode, type Fault } from './errors.ts'

/** A kind of report, in the words of its faults. */
export interface ReportWords {
  readonly code: ErrorCode
  /** Before its faults, such as `deploy report`. */
  readonly name: string
  /** With its article, such as `a deploy`. */
  readonly thing: string
  readonly fields: readonly string[]
  /** What to give instead of something that is no report at all. */
  readonly least: string
}

export class ReportFaults {
  readonly #words: ReportWords

  constructor(words: ReportWords) {
    this.#words = words
  }

  /** @param field '' for the report as a whole. */
  fault(field: string, message: string): Fault {
    return { place: { file: this.#words.name, field }, message }
  }

  /** The faults that issues of the schema stand for. */
  faultsOf(issues: readonly z.core.$ZodIssue[]): Fault[] {
    const { thing, fields, least } = this.#words
    return issues.map((issue) => {
      if (issue.code === 'unrecognized_keys') {
        const message = `is no field of ${thing}: give only ${fields.join(', ')}`
        return this.fault(issue.keys.join(', '), message)
      }
      if (issue.path.length === 0) return this.fault('', least)
      return this.fault(issue.path.join('.'), issue.message)
    })
  }

  error(faults: readonly Fault[]): LastpushError {
    const { code, name } = this.#words
    const sentences = faults.map(({ place, message }) =>
      place.field === '' ? message : `${place.field}: ${message}`,
    )
    return new LastpushError(code, `${name}: ${sentences.join('; ')}`, { faults })
  }
}

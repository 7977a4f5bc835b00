/** Signatures: an id for "the same message". A pure function of one event and the mask version, so
 *  that live, replay and every instance of a cluster agree. Level and place in the order of events
 *  stay out of it: a notice that a push turns into an error is still the same message.
 *  Grouping ids that masks alone cannot bring together is not done here. */
import { createHash } from 'node:crypto'
import { ByteMemo, isMemoName, memoBytesMax } from './byte-memo.ts'
import { maskMessage } from './mask.ts'
import { maskVersion } from './masks.ts'
import { RecentMap } from './recent-map.ts'

/** Longest part of a message that is masked, UTF-16 units. */
export const messageCharsMax = 2_000
/** Longest template, UTF-16 units; messages that differ only behind it are the same. */
export const templateCharsMax = 500
/** Distinct ids kept in one scope. */
export const signaturesMax = 5_000
/** Scopes that have ids of their own. */
export const scopesMax = 1_000
/** Messages, and templates, whose signature is remembered, whichever their scope: of those used last at
 *  least so many, and at most twice as many. */
const memoMax = 2_048

export interface Signature {
  /** 12 hex digits, or `other`. */
  readonly id: string
  /** The message with `<num> <ip> <path> <str> <hex> <uuid> <time>` for its variable parts. */
  readonly template: string
}

/** What messages beyond the cap are counted as. */
export const otherSignature: Signature = { id: 'other', template: '(other messages)' }

/**
 * The signature of a message.
 * @param exception Class of the exception when the parser found one; put in front unless the
 *   message names it already, since "boom" alone says little.
 */
export function signatureOf(message: string, exception: string | null = null): Signature {
  return signatureOfTemplate(templateOf(signedText(message, exception)))
}

/** Bytes of a batch in which values lie. */
export interface SpanText {
  readonly bytes: Buffer
  readonly view: DataView
}

/** Signatures with a bound: a scope has at most `max` ids, and what comes after is `other`.
 *  Without it a flood of distinct messages would grow panes and state for ever. */
export class SignatureTable {
  readonly #max: number
  readonly #scopes = new Map<string, Set<string>>()
  readonly #bySpan = new ByteMemo<Signature>()
  readonly #byText = new RecentMap<Signature>(memoMax)
  readonly #byTemplate = new RecentMap<Signature>(memoMax)
  #overflowed = 0

  constructor(max = signaturesMax) {
    this.#max = max
  }

  /** Makes ids known, as they were committed before a restart. */
  restore(scope: string, ids: Iterable<string>): void {
    const known = this.#known(scope)
    for (const id of ids) {
      if (id !== otherSignature.id) known?.add(id)
    }
  }

  /** The signature of an event's message in a scope (one service in one environment). */
  sign(scope: string, message: string, exception: string | null = null): Signature {
    const signature = this.admit(scope, this.ofText(message, exception))
    if (signature === otherSignature) this.countOverflow(1)
    return signature
  }

  /** The signature itself where the scope has it or has room for it, else `other`. Whose events become
   *  that is to be told by `countOverflow`. */
  admit(scope: string, signature: Signature): Signature {
    const known = this.#known(scope)
    if (known?.has(signature.id) === true) return signature
    if (known === null || known.size >= this.#max) return otherSignature
    known.add(signature.id)
    return signature
  }

  /** Says that so many events became `other`. */
  countOverflow(events: number): void {
    this.#overflowed += events
  }

  /** The signature of a message in any scope. */
  ofText(message: string, exception: string | null): Signature {
    const text = signedText(message, exception)
    const remembered = this.#byText.get(text)
    if (remembered !== undefined) return remembered
    const signature = this.#ofSigned(text)
    this.#byText.set(text, signature)
    return signature
  }

  /** The same of a message in [from, to) of some bytes, which mostly becomes no string.
   *  @param exceptionFrom -1: none. */
  ofSpan(
    { bytes, view }: SpanText,
    from: number,
    to: number,
    exceptionFrom: number,
    exceptionTo: number,
  ): Signature {
    const memo = this.#bySpan
    const named = exceptionFrom >= 0
    const remembers = to - from <= memoBytesMax && (!named || isMemoName(bytes, exceptionFrom, exceptionTo)) // prettier-ignore
    if (remembers) {
      memo.message(bytes, view, from, to)
      if (named) memo.exception(bytes, view, exceptionFrom, exceptionTo)
      const remembered = memo.find()
      if (remembered !== undefined) return remembered
    }
    const message = bytes.toString('utf8', from, to)
    const exception = named ? bytes.toString('utf8', exceptionFrom, exceptionTo) : null
    const signature = this.#ofSigned(signedText(message, exception))
    if (remembers) memo.add(signature)
    return signature
  }

  /** Events that became `other` since the start. */
  get overflowed(): number {
    return this.#overflowed
  }

  /** Distinct ids in a scope, `other` not counted. */
  size(scope: string): number {
    return this.#scopes.get(scope)?.size ?? 0
  }

  #known(scope: string): Set<string> | null {
    const known = this.#scopes.get(scope)
    if (known !== undefined) return known
    if (this.#scopes.size >= scopesMax) return null
    const fresh = new Set<string>()
    this.#scopes.set(scope, fresh)
    return fresh
  }

  #ofSigned(text: string): Signature {
    const template = templateOf(text)
    const remembered = this.#byTemplate.get(template)
    if (remembered !== undefined) return remembered
    const signature = signatureOfTemplate(template)
    this.#byTemplate.set(template, signature)
    return signature
  }
}

/** What is masked: the message, cut, with its exception. */
function signedText(message: string, exception: string | null): string {
  const text = cut(message, messageCharsMax)
  return exception === null || text.includes(exception)
    ? text
    : cut(`${exception}: ${text}`, messageCharsMax)
}

function templateOf(text: string): string {
  return cut(maskMessage(text), templateCharsMax)
}

function signatureOfTemplate(template: string): Signature {
  const hash = createHash('sha256').update(`${maskVersion}\n${template}`).digest('hex')
  return { id: hash.slice(0, 12), template }
}

/** Never ends in half a character. */
function cut(text: string, max: number): string {
  if (text.length <= max) return text
  const end = /[\uD800-\uDBFF]/.test(text.charAt(max - 1)) ? max - 1 : max
  return text.slice(0, end)
}

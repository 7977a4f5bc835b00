/** Every error that lastpush raises on purpose: one class, one table of codes.
 *  A line that fits no parser is a value, not an error; a bug is an AssertionError. */

/** Where in a file a fault stands; line and column count from 1. */
export interface Place {
  readonly file: string
  readonly line?: number
  readonly column?: number
  /** Path of the field inside the document, such as `sources[0].parser`. */
  readonly field?: string
}

/** One fault in a file of the user's, with what to do about it. */
export interface Fault {
  readonly place: Place
  readonly message: string
}

/** code → [exit status, whether trying again later can help, what it means]. Mirrored in docs/errors.md. */
export const errorCodes = {
  CONFIG_INVALID: [2, false, 'lastpush.yaml, a rule or a parser has faults; each is listed'],
  USAGE: [2, false, 'the command line is not understood'],
  QUERY_INVALID: [2, false, 'a query cannot be read; the column is given'],
  PATTERN_REFUSED: [2, false, 'RE2 refuses a pattern; the reason and the place are given'],
  SOURCE_UNREADABLE: [3, true, 'a log file cannot be opened or read'],
  DEPLOY_INVALID: [2, false, 'a deploy report lacks its SHA or has a field of the wrong form'],
  DEPLOY_UNKNOWN: [2, false, 'no deploy of this id or SHA is known'],
  SILENCE_INVALID: [2, false, 'a silence lacks its query, its end, its author or its reason'],
  SILENCE_UNKNOWN: [2, false, 'no silence of this id is known'],
  STORE_MISSING: [4, true, 'the data directory holds no store yet'],
  STORE_OLDER: [4, true, 'the store awaits its upgrade by the daemon'],
  STORE_LOCKED: [4, true, 'another lastpush holds this data directory'],
  STORE_NEWER: [4, false, 'the store was written by a newer lastpush'],
  STORE_DAMAGED: [4, false, 'the store is not a readable database'],
  STORE_UNWRITABLE: [4, true, 'the data directory cannot be written'],
  STORE_FULL: [4, true, 'the disk of the data directory is full'],
  INDEX_AWAY: [4, true, 'the event index does not answer or has too much to do'],
  INDEX_REFUSED: [4, false, 'the event index refuses what lastpush asks, a wrong password say'],
  INDEX_MAPPING: [4, false, 'an index of this name exists and was not made by this lastpush'],
  PORT_IN_USE: [5, true, 'the HTTP port is taken'],
  BIND_REFUSED: [2, false, 'an address may not be bound; beyond loopback a token is needed'],
  TOKEN_UNUSABLE: [2, false, 'a token cannot be read, is too short, or its file is open to all'],
  TOKEN_REQUIRED: [2, false, 'the daemon asks for its token and got none or a wrong one'],
  SERVER_UNREACHABLE: [6, true, 'no daemon answers at the address'],
  RULE_TEST_FAILED: [1, false, 'a test inside a rule or parser file does not hold'],
  STORY_FAILED: [1, false, 'the demo did not see exactly the alert it provoked'],
} as const satisfies Record<string, readonly [number, boolean, string]>

export type ErrorCode = keyof typeof errorCodes

/** An operating error with a code, a sentence for people and the faults it bundles. */
export class LastpushError extends Error {
  readonly code: ErrorCode
  readonly faults: readonly Fault[]

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; faults?: readonly Fault[] } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'LastpushError'
    this.code = code
    this.faults = options.faults ?? []
  }

  /** Process exit status for commands that end on this error. */
  get exitCode(): number {
    return errorCodes[this.code][0]
  }

  /** True when the same call may succeed later. */
  get retryable(): boolean {
    return errorCodes[this.code][1]
  }
}

/** `file:line:column: field: message`, leaving out what is unknown. */
export function faultLine({ place, message }: Fault): string {
  const at = [place.file, place.line, place.line === undefined ? undefined : place.column]
  const head = at.filter((part) => part !== undefined).join(':')
  return place.field === undefined || place.field === ''
    ? `${head}: ${message}`
    : `${head}: ${place.field}: ${message}`
}

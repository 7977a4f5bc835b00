/** What the parts log through: the subset of pino that they need, so that tests can pass a recorder. */
export interface Log {
  debug(facts: object, message: string): void
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

/** Swallows everything; for one-pass commands whose output is their result. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

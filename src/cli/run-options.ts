/** The options of `run`, for both of its ways: one pass, and the daemon. */
import type { OnePassOptions } from './engine.ts'

export interface RunOptions extends OnePassOptions {
  readonly once?: boolean
  readonly json?: boolean
  readonly data?: string
  readonly port?: number
  readonly host?: string
  readonly tokenFile?: string
}

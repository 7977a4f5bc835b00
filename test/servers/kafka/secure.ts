/** The listener of the test broker that takes TLS and a password only. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The one user that it knows. */
export const user = { name: 'reader', password: 'hunter2-of-tests' } as const

/** Where the recipe writes it down, in the folder of a run. */
export const secureFile = 'secure.json'

export interface Secure {
  readonly address: string
  /** File with the certificate that the broker's is signed by. */
  readonly ca: string
}

/** @param state Folder of the broker's run. */
export function secureOf(state: string): Secure {
  return JSON.parse(readFileSync(join(state, secureFile), 'utf8')) as Secure
}

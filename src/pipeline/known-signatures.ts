/** What is known of every signature of a run: counts, first and last sight, template. */
import type { SignatureDelta } from '../store/state.ts'
import { mergeSignature } from './partial.ts'

export class KnownSignatures {
  readonly #templates = new Map<string, string>()
  readonly #counts = new Map<string, SignatureDelta>()

  /** Adds what a stretch of lines, or an earlier process, saw of a signature in a scope. */
  note(scope: string, delta: SignatureDelta): void {
    const key = `${scope}\n${delta.id}`
    const known = this.#counts.get(key)
    this.#templates.set(delta.id, delta.template)
    this.#counts.set(key, known === undefined ? delta : mergeSignature(known, delta))
  }

  /** The message with its variable parts masked; null for an id that nobody has seen. */
  template(id: string): string | null {
    return this.#templates.get(id) ?? null
  }

  /** By scope and id. */
  all(): IterableIterator<SignatureDelta> {
    return this.#counts.values()
  }
}

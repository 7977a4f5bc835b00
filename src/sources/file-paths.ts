/** Which paths a file source follows: what its globs match now, but for what it excludes. Globs that
 *  match nothing, or too much, are faults. */
import { resolve } from 'node:path'
import type { FileOptions } from './file-options.ts'
import { expandGlob, globEntriesMax, isGlob, matchesExclude, matchesGlob } from './glob.ts'
import type { SourceContext } from './source.ts'

/** Paths that one source follows at once. */
export const partitionsMax = 10_000

export class FilePaths {
  readonly #source: string
  readonly #options: FileOptions
  readonly #context: SourceContext
  readonly #faultAt: (path: string) => string | null
  readonly #faults = new Map<string, string>()

  /** @param faultAt What is wrong with reading a path; a plain path shares its place in `status`. */
  constructor(
    source: string,
    options: FileOptions,
    context: SourceContext,
    faultAt: (path: string) => string | null,
  ) {
    this.#source = source
    this.#options = options
    this.#context = context
    this.#faultAt = faultAt
  }

  /** True when a path is one that the source may follow, whether or not it is there. */
  covers(path: string): boolean {
    const { paths } = this.#options
    return paths.some((pattern) => matchesGlob(pattern, path)) && !this.#isExcluded(path)
  }

  /** Paths that match now, each once. */
  async expand(): Promise<Set<string>> {
    const found = new Set<string>()
    for (const pattern of this.#options.paths) {
      const { paths, cut } = await expandGlob(pattern)
      let beyond = 0
      for (const path of paths) {
        if (this.#isExcluded(path)) continue
        if (found.size < partitionsMax) found.add(path)
        else beyond += 1
      }
      const key = isGlob(pattern) ? pattern : resolve(pattern)
      if (beyond > 0) this.#fault(key, `${beyond} files beyond ${partitionsMax} are not read`)
      else if (cut) this.#fault(key, `more than ${globEntriesMax} directory entries; not all seen`)
      else this.#fault(key, paths.length === 0 ? 'no file matches' : null)
    }
    return found
  }

  #isExcluded(path: string): boolean {
    return (this.#options.exclude ?? []).some((pattern) => matchesExclude(pattern, path))
  }

  #fault(key: string, message: string | null): void {
    if ((this.#faults.get(key) ?? null) === message) return
    this.#context.fault(key, message ?? this.#faultAt(key))
    if (message === null) this.#faults.delete(key)
    else {
      this.#faults.set(key, message)
      this.#context.log.warn({ source: this.#source, path: key }, message)
    }
  }
}

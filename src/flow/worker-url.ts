/** Where the code of a worker thread lies. Worker threads load JavaScript only, so that from the
 *  sources (tests, tsx) the built file is taken. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * URL of a built file.
 * @param name Path below src/ without its ending, such as `store/sqlite-writer`.
 * @throws Error when lastpush runs from its sources and was not built.
 */
export function workerUrl(name: string): URL {
  const fromSources = import.meta.url.endsWith('.ts')
  const url = new URL(`${fromSources ? '../../dist' : '..'}/${name}.js`, import.meta.url)
  if (existsSync(url)) return url
  throw new Error(`${fileURLToPath(url)} is missing: worker threads run built code; npm run build`)
}

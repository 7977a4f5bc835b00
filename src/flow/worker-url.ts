/** Where the code of a worker thread lies. Worker threads load JavaScript only, so that from the
 *  sources (tests, tsx) the built file is taken. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { packageRoot } from '../package.ts'

/**
 * URL of a built program.
 * @param name As vite.program.config.ts names it, such as `sqlite-writer`.
 * @throws Error when lastpush runs from its sources and was not built.
 */
export function workerUrl(name: string): URL {
  const file = join(packageRoot, `dist/${name}.js`)
  if (existsSync(file)) return pathToFileURL(file)
  throw new Error(`${file} is missing: worker threads run built code; npm run build`)
}

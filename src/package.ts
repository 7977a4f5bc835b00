/** The installed package: where it lies, whichever of its files this code was built into, and what
 *  it says of itself. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Folder of package.json, which holds the shipped rules/, parsers/ and dist/. */
export const packageRoot = rootAbove(dirname(fileURLToPath(import.meta.url)))

/** Version of lastpush. */
export const version = (
  JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
).version

function rootAbove(dir: string): string {
  return existsSync(join(dir, 'package.json')) ? dir : rootAbove(dirname(dir))
}

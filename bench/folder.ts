/** Where benchmarks keep what is too large for the tree: made logs and built programs. */
import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The top of the tree. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** $LASTPUSH_BENCH_DIR, by default below the user's cache folder; as in peers/build.sh. */
export const folder =
  process.env['LASTPUSH_BENCH_DIR'] ??
  join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'lastpush-bench')

/** Made when it is missing. */
export function folderOf(name: string): string {
  const path = join(folder, name)
  mkdirSync(path, { recursive: true })
  return path
}

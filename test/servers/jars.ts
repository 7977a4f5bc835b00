/** The jars of the real servers. They come from Maven Central once a machine and stay in the user's
 *  cache folder, outside the project, so that a clean checkout finds them. */
import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { elasticsearch } from './elasticsearch/recipe.ts'
import { kafka } from './kafka/recipe.ts'
import type { Recipe, ServerKind } from './recipe.ts'

export const recipes: Readonly<Record<ServerKind, Recipe>> = { kafka, elasticsearch }

const cacheDir = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'lastpush-servers',
)
const downloadTries = 3
/** Of one try, ms: some 40 MB over a slow line. */
const downloadMsMax = 900_000

/** What a machine lacks to run a server of its own; null when it lacks nothing. */
export function lacking(kind: ServerKind): string | null {
  const recipe = recipes[kind]
  if (hasJdk() && (existsSync(libOf(recipe)) || hasMaven())) return null
  const named = Object.values(recipes).map(({ variable, form }) => `${variable}=${form}`)
  return `needs JDK 17 and Maven, or running servers: ${named.join(' ')}`
}

/** The folder of a server's jars, filled at the first time.
 *  @throws Error with what Maven said when they cannot be had. */
export async function fetchJars(kind: ServerKind): Promise<string> {
  const recipe = recipes[kind]
  const lib = libOf(recipe)
  if (existsSync(lib)) return lib
  // Renamed when whole: another process may be at it as well, and a download may break off.
  const partial = `${lib}.${process.pid}`
  try {
    await mkdir(partial, { recursive: true })
    await download(recipe, partial)
    await rename(partial, lib)
  } catch (error) {
    if (!existsSync(lib)) throw error
  } finally {
    await rm(partial, { recursive: true, force: true })
  }
  return lib
}

async function download(recipe: Recipe, folder: string): Promise<void> {
  const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime']
  const pom = join(recipe.folder, 'pom.xml')
  const args = ['-q', '-B', '-f', pom, ...goal, `-DoutputDirectory=${folder}`]
  for (let left = downloadTries - 1; ; left--) {
    try {
      await promisify(execFile)('mvn', args, { timeout: downloadMsMax })
      return
    } catch (error) {
      // What has come so far stays in Maven's own cache.
      if (left === 0) throw new Error(`${recipe.kind}: ${saidBy(error)}`, { cause: error })
    }
  }
}

/** The first line of Maven's own that names a fault. */
function saidBy(error: unknown): string {
  const { stdout = '', message } = error as Error & { readonly stdout?: string }
  return /^\[ERROR\] (.*)/m.exec(stdout)?.[1] ?? message
}

function libOf({ kind, version }: Recipe): string {
  return join(cacheDir, `${kind}-${version}`)
}

function hasJdk(): boolean {
  const { stdout } = spawnSync('javac', ['-version'], { encoding: 'utf8' })
  return Number(/^javac (\d+)/.exec(stdout ?? '')?.[1] ?? 0) >= 17
}

function hasMaven(): boolean {
  return spawnSync('mvn', ['-version']).status === 0
}

/** Finds log files of this host that grow and that no source reads, so that `status` can say what a
 *  configuration forgot. A hint, not an inventory: it looks now and then at a bounded number of
 *  names, follows no link below the folders it was given, and passes over what it may not see. */
import type { BigIntStats } from 'node:fs'
import { lstat, opendir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../flow/time.ts'
import type { UnreadLog } from '../server/view.ts'
import { expandGlob, isGlob } from '../sources/glob.ts'

/** Where web servers and PHP write unless told otherwise: globs of folders and files. */
export const usualLogs: readonly string[] = [
  '/var/log/nginx',
  '/var/log/apache2',
  '/var/log/httpd',
  '/var/log/php*',
]

/** `access.log`, `error_log`, `ssl_access_log`; not `access.log.1`. */
const logName = /(?:\.log|(?:^|[._-])(?:error|access)_log)$/
/** A file written to within this time counts as growing when it was not known before, ms. */
const recentMs = 300_000
const lookEveryMs = 60_000
/** What one look may cost: directory entries, folders below the given ones, ms. */
const entriesMax = 5_000
const depthMax = 2
const lookMsMax = 1_000
/** Files that are told of. */
const toldMax = 100

export interface UnreadLogsOptions {
  /** Globs of folders, looked at with what lies below them, and of files. */
  readonly places: readonly string[]
  /** Globs of sources, whose own folders are looked at as well. */
  readonly sourcePaths: readonly string[]
  /** Paths that something reads, or would if it could. */
  readonly read: () => Iterable<string>
  readonly clock: Clock
}

/** A budget that one look uses up. */
interface Look {
  entriesLeft: number
  readonly endsMs: number
  readonly files: Map<string, { readonly path: string; readonly stat: BigIntStats }>
}

export class UnreadLogs {
  readonly #options: UnreadLogsOptions
  /** Bytes of each file at the look before, by identity. */
  #sizes: ReadonlyMap<string, number> = new Map()
  #found: readonly UnreadLog[] = []

  constructor(options: UnreadLogsOptions) {
    this.#options = options
  }

  /** As of the newest look, sorted by path; without what is read by now. */
  get found(): readonly UnreadLog[] {
    if (this.#found.length === 0) return this.#found
    const read = new Set(this.#options.read())
    return this.#found.filter(({ path }) => !read.has(path))
  }

  /** Looks once a minute until the signal aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look()
      await this.#options.clock.sleep(lookEveryMs, signal)
    }
  }

  async look(): Promise<void> {
    const { clock, places, sourcePaths, read } = this.#options
    const look: Look = { entriesLeft: entriesMax, endsMs: clock.monotonic() + lookMsMax, files: new Map() } // prettier-ignore
    for (const glob of places) {
      for (const path of (await expandGlob(glob)).paths) await begin(path, depthMax, look, clock)
    }
    for (const folder of new Set(sourcePaths.map(folderOf))) await begin(folder, 0, look, clock)
    for (const path of read()) {
      const there = await stat(path, { bigint: true }).catch(() => null)
      if (there !== null) look.files.delete(idOf(there))
    }
    const now = clock.now()
    const growing = [...look.files].flatMap(
      ([
        id,
        {
          path,
          stat: { size, mtimeMs },
        },
      ]) => {
        const bytes = Number(size)
        const before = this.#sizes.get(id)
        const grewBytes = before === undefined ? null : Math.max(0, bytes - before)
        const isRecent = bytes > 0 && now - Number(mtimeMs) < recentMs
        return isRecent || (grewBytes ?? 0) > 0 ? [{ path, bytes, grewBytes }] : []
      },
    )
    this.#sizes = new Map([...look.files].map(([id, file]) => [id, Number(file.stat.size)]))
    this.#found = growing.sort((a, b) => (a.path < b.path ? -1 : 1)).slice(0, toldMax)
  }
}

/** Gathers the logs at a path that was given: the file itself, or those of the folder and of `depth`
 *  below it. The path may be a link. */
async function begin(path: string, depth: number, look: Look, clock: Clock): Promise<void> {
  const there = await stat(path, { bigint: true }).catch(() => null)
  if (there !== null) await visit(path, there, depth, look, clock)
}

async function visit(
  path: string,
  there: BigIntStats,
  depth: number,
  look: Look,
  clock: Clock,
): Promise<void> {
  if (there.isFile() && logName.test(basename(path)))
    look.files.set(idOf(there), { path, stat: there })
  if (!there.isDirectory() || depth < 0) return
  try {
    for await (const { name } of await opendir(path)) {
      if (look.entriesLeft <= 0 || clock.monotonic() > look.endsMs) return
      look.entriesLeft -= 1
      const below = join(path, name)
      const facts = await lstat(below, { bigint: true }).catch(() => null)
      if (facts !== null) await visit(below, facts, depth - 1, look, clock)
    }
  } catch {
    // Not ours to see, or gone meanwhile.
  }
}

/** The last folder of a glob that is named without wildcards. */
function folderOf(glob: string): string {
  let folder = dirname(glob)
  while (isGlob(folder)) folder = dirname(folder)
  return folder
}

function idOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`
}

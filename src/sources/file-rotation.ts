/** Where the files of a rotation are: the one that was being read, found by identity, and those that
 *  came between it and the one at the path now. What is read of them is left to file-follower.ts.
 *  Names are only trusted to tell which files belong to a log; which of them were read is decided by
 *  identity, and their order by creation time, because rotation schemes name files at will. */
import type { BigIntStats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { bornAfter, fileId, fileTimeCoarseMs, type FilePosition } from './file-checkpoint.ts'
import { openRegular, type OpenedFile } from './file-reader.ts'

/** Siblings that are looked at in one directory. */
const siblingsMax = 10_000
/** Name behind that of the log: `.1`, `-20261101`, `.2026-11-01T05:00`, `.old`. */
const rotatedSuffix = /^[.-](?:\d[\dTZ._:-]*|old|prev)$/
/** Endings of files that lastpush does not read. */
const compressedSuffix = /\.(?:gz|bz2|xz|zst|Z)$/

/** True when a name says that its bytes are not lines. */
export function isCompressed(path: string): boolean {
  return compressedSuffix.test(path)
}

/** What stands at a path; null when nothing does. @throws other system errors, such as EACCES. */
export async function look(path: string): Promise<BigIntStats | null> {
  return stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
}

/** Opens the file of a position at its path, where it was, or under another name in the same
 *  directories; null when it is nowhere there. The caller closes it. */
export async function locate(path: string, position: FilePosition): Promise<OpenedFile | null> {
  const id = fileId(position)
  for (const candidate of await candidates(path, position)) {
    const there = await look(candidate).catch(() => null)
    if (there === null || fileId(there) !== id) continue
    const opened = await openRegular(candidate)
    if ('refused' in opened) continue
    if (fileId(opened.stat) === id) return opened
    await opened.handle.close()
  }
  return null
}

async function candidates(path: string, position: FilePosition): Promise<Set<string>> {
  const found = new Set([path, position.file])
  const at = await look(path).catch(() => null)
  if (at !== null && fileId(at) === fileId(position)) return found
  for (const dir of new Set([dirname(path), dirname(position.file)])) {
    for (const name of await siblings(dir)) found.add(join(dir, name))
  }
  return found
}

/** Rotated files of the log at `path` that were created after the file of the position, oldest
 *  first; neither that file nor the one at the path. */
export async function rotatedSince(path: string, position: FilePosition): Promise<string[]> {
  const dir = dirname(path)
  const base = basename(path)
  const at = await look(path).catch(() => null)
  const apart = new Set([fileId(position), at === null ? '' : fileId(at)])
  const found: Rotated[] = []
  for (const name of await siblings(dir)) {
    const suffix = name.slice(base.length)
    if (!name.startsWith(base) || !rotatedSuffix.test(suffix)) continue
    const there = await look(join(dir, name)).catch(() => null)
    if (there?.isFile() !== true || apart.has(fileId(there))) continue
    if (bornAfter(there, position)) found.push({ path: join(dir, name), stat: there, suffix })
  }
  return found.sort(byBirth).map((file) => file.path)
}

/** Paths that this one may be a rotation of, judged by the name alone. */
export function rotatedFrom(path: string): string[] {
  const name = basename(path)
  return [...name.matchAll(/[.-]/g)]
    .filter(({ index }) => index > 0 && rotatedSuffix.test(name.slice(index)))
    .map(({ index }) => join(dirname(path), name.slice(0, index)))
}

/** A compressed rotation of the log made after the position; null when there is none. */
export async function compressedSince(
  path: string,
  position: FilePosition,
): Promise<string | null> {
  const base = basename(path)
  for (const name of await siblings(dirname(path))) {
    if (!name.startsWith(base) || !isCompressed(name)) continue
    const there = await look(join(dirname(path), name)).catch(() => null)
    if (there !== null && Number(there.ctimeMs) >= position.atMs - fileTimeCoarseMs) return name
  }
  return null
}

/** A file that a rotation has put aside. */
export interface Rotated {
  readonly path: string
  readonly stat: BigIntStats
  /** What stands in its name behind that of the log, without the ending of a compressed file. */
  readonly suffix: string
}

/** All files that rotations of the log at `path` have put aside, compressed ones too, in the order of
 *  their last lines: nobody writes to them, and compressing a file keeps the time of its last
 *  write, but not that of its creation. */
export async function rotations(path: string): Promise<Rotated[]> {
  const base = basename(path)
  const found: Rotated[] = []
  for (const name of await siblings(dirname(path))) {
    const suffix = name.slice(base.length).replace(compressedSuffix, '')
    if (!name.startsWith(base) || !rotatedSuffix.test(suffix)) continue
    const there = await look(join(dirname(path), name)).catch(() => null)
    if (there?.isFile() !== true) continue
    found.push({ path: join(dirname(path), name), stat: there, suffix })
  }
  return found.sort((a, b) => byAge(a, b, (file) => file.stat.mtimeNs))
}

function byBirth(a: Rotated, b: Rotated): number {
  return byAge(a, b, ({ stat }) => stat.birthtimeNs || stat.mtimeNs)
}

function byAge(a: Rotated, b: Rotated, timeOf: (file: Rotated) => bigint): number {
  if (timeOf(a) !== timeOf(b)) return timeOf(a) < timeOf(b) ? -1 : 1
  // Of one tick of the kernel: `.2` is older than `.1`, but `-20261101` than `-20261102`.
  const number = (file: Rotated) =>
    /^\.\d{1,4}$/.test(file.suffix) ? Number(file.suffix.slice(1)) : 0
  if (number(a) !== number(b)) return number(b) - number(a)
  return a.suffix < b.suffix ? -1 : 1
}

async function siblings(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch(() => [])
  return names.slice(0, siblingsMax)
}

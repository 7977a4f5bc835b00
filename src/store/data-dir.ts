/** The data directory: its files, who may own it, and its creation. The lock is in lock.ts.
 *  A directory in which somebody else can make files is refused, not mended: what already lies
 *  in it (a link under the store's name) cannot be told from our own. */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
} from 'node:fs'
import type { Stats } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { LastpushError } from '../model/errors.ts'

/** Only the owner reads what is stored: log lines hold secrets. */
export const directoryMode = 0o700
export const fileMode = 0o600

const groupOrOthersWrite = 0o022

/** What lastpush itself makes there; none of it is ever a link. */
const ownNames = /^(state\.db|events\.db|daemon\.json|lock|spool)/

/**
 * Makes the data directory when there is none (mode 0700), else checks that only we write there.
 * @returns Its absolute path.
 * @throws LastpushError STORE_UNWRITABLE when it is no directory, belongs to another user than
 *   us or root, is writable by group or others, holds a link, or cannot be written.
 */
export async function prepareDataDir(dir: string): Promise<string> {
  const path = resolve(dir)
  try {
    makeDirectory(path)
    const stats = statSync(path)
    if (!stats.isDirectory()) throw refused(path, 'it is no directory')
    checkOwner(path, stats)
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK)
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isSymbolicLink() && ownNames.test(entry.name)) {
        throw refused(join(path, entry.name), 'it is a symbolic link: remove it')
      }
    }
    return path
  } catch (error) {
    if (error instanceof LastpushError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw refused(path, `${reason}: make it writable for this user, or name another by --data`)
  }
}

/** True when the state is missing from a directory that lastpush has worked in: a fresh one will be
 *  made, and somebody must be told that it counts from nothing. */
export function lacksState(dir: string): boolean {
  const names = new Set(existsSync(dir) ? readdirSync(dir) : [])
  return !names.has('state.db') && (names.has('events.db') || names.has('state.db-wal'))
}

/** STORE_UNWRITABLE unless `path` is missing or a regular file; links are never followed. */
export function checkRegularFile(path: string): Stats | null {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return null
  if (stats.isFile()) return stats
  throw refused(path, 'it is no regular file: remove it')
}

/** Makes a rename or a new file in a directory survive a power cut. */
export function syncDirectory(dir: string): void {
  const descriptor = openSync(dir, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

/** Level by level: where a file system makes no directories, such as /proc, the recursive way of Node
 *  tries for ever. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return
  const parent = dirname(path)
  if (parent !== path) makeDirectory(parent)
  try {
    mkdirSync(path, { mode: directoryMode })
  } catch (error) {
    // Another process may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

function checkOwner(path: string, stats: Stats): void {
  // Root's own processes must not trust a directory of a lesser user, hence no exception for root.
  const user = process.geteuid?.() ?? stats.uid
  if (stats.uid !== user && stats.uid !== 0) {
    throw refused(
      path,
      `it belongs to user ${stats.uid} and this process runs as user ${user}:` +
        ' run as its owner, or name another directory by --data',
    )
  }
  if ((stats.mode & groupOrOthersWrite) !== 0) {
    const mode = (stats.mode & 0o7777).toString(8).padStart(4, '0')
    throw refused(path, `its mode ${mode} lets other users write in it: chmod 0700 ${path}`)
  }
}

function refused(path: string, reason: string): LastpushError {
  return new LastpushError('STORE_UNWRITABLE', `${path} cannot keep the store: ${reason}`)
}

/** One daemon per data directory. The lock is an exclusive transaction on a database file of its
 *  own, `<data>/lock`, so that the kernel frees it with the process, however that ends, and the
 *  store stays readable meanwhile. A file with a process id would be believed after a crash. */
import Database from 'better-sqlite3'
import { chmodSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LastpushError } from '../model/errors.ts'
import { isoTime } from '../flow/time.ts'
import { checkRegularFile, fileMode, prepareDataDir } from './data-dir.ts'
import { storeError } from './sqlite-errors.ts'

/** A held lock. */
interface Lock {
  /** The directory it holds, absolute. */
  readonly dir: string
  /** Frees the directory; may be called twice. */
  close(): Promise<void>
}

/**
 * Locks a data directory for this process, and makes it when there is none.
 * @throws LastpushError STORE_LOCKED when another process holds it, else as prepareDataDir.
 */
export async function lockDataDir(dataDir: string): Promise<Lock> {
  const dir = await prepareDataDir(dataDir)
  const path = join(dir, 'lock')
  const holderPath = join(dir, 'lock.json')
  checkRegularFile(path)
  const db = begin(path, dir, holderPath)
  tellHolder(holderPath)
  return {
    dir,
    close: async () => {
      if (!db.open) return
      rmSync(holderPath, { force: true })
      db.close()
    },
  }
}

function begin(path: string, dir: string, holderPath: string): Database.Database {
  try {
    return beginExclusive(path)
  } catch (error) {
    const told = storeError(error, path)
    if (!(told instanceof LastpushError) || told.code !== 'STORE_LOCKED') throw told
    throw new LastpushError(
      'STORE_LOCKED',
      `another lastpush${holder(holderPath)} works in ${dir}: stop it first,` +
        ' or name another directory by --data',
      { cause: error },
    )
  }
}

function beginExclusive(path: string, emptied = false): Database.Database {
  const db = new Database(path, { timeout: 0 })
  try {
    chmodSync(path, fileMode)
    db.pragma('journal_mode = DELETE')
    db.exec('BEGIN EXCLUSIVE')
    return db
  } catch (error) {
    db.close()
    const foreign = error instanceof Database.SqliteError && error.code === 'SQLITE_NOTADB'
    if (!foreign || emptied) throw error
    // SQLite reads a file only when nobody holds it, so this is not ours (a process id, say) and
    // free. It is emptied, not replaced: two processes that start at once must meet on one file.
    truncateSync(path)
    return beginExclusive(path, true)
  }
}

/** For the message of a process that is refused; nothing is decided by it. */
function tellHolder(path: string): void {
  try {
    writeFileSync(path, `${JSON.stringify({ pid: process.pid })}\n`, { mode: fileMode })
  } catch {
    // A full disk is the store's to report.
  }
}

/** ` (process 42, since …)`, or nothing when it cannot be told. */
function holder(path: string): string {
  try {
    const { pid } = JSON.parse(readFileSync(path, 'utf8')) as { pid?: unknown }
    if (typeof pid !== 'number') return ''
    return ` (process ${pid}, since ${isoTime(statSync(path).mtimeMs)})`
  } catch {
    return ''
  }
}

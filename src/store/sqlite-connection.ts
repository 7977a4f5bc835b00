/** Opening a database file: for the one writer, or read-only. Here alone stand the settings that
 *  durability rests on. A new file is made under another name and renamed when it is whole, so
 *  that an empty or half-made file under the store's own name is always damage.
 *  Nothing in this process may open these files but SQLite: closing any other descriptor of them
 *  would release SQLite's POSIX locks. */
import Database from 'better-sqlite3'
import { chmodSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { failPoint } from '../flow/fail-points.ts'
import { LastpushError } from '../model/errors.ts'
import { checkRegularFile, fileMode, syncDirectory } from './data-dir.ts'
import { migrate, storedVersion, type Schema } from './migrations.ts'
import { damaged, storeError } from './sqlite-errors.ts'

/** How long SQLite waits for a lock: the daemon closing its files, or recovery by a reader. */
const busyTimeoutMs = 5_000

/** `PRAGMA synchronous`: a commit is on the disk before it is answered. */
const synchronousFull = 2

/** The write-ahead log is cut back to this size after a burst. */
const walBytesMax = 64 * 1024 * 1024

/** Files up to this size are checked whole on opening (about a second); of larger ones damage
 *  shows when it is read. */
const checkedBytesMax = 256 * 1024 * 1024

const companions = ['-wal', '-shm', '-journal']

/**
 * The writing connection; makes the file when there is none and upgrades an older one.
 * @throws LastpushError STORE_NEWER, STORE_DAMAGED, STORE_FULL or STORE_UNWRITABLE.
 */
export function openForWriting(path: string, schema: Schema): Database.Database {
  return guarded(path, () => {
    const size = checkRegularFile(path)?.size ?? createFile(path, schema)
    if (size === 0) throw damaged(path, 'it is empty')
    return opened(new Database(path, { fileMustExist: true, timeout: busyTimeoutMs }), (db) => {
      const version = storedVersion(db, schema)
      setDurable(db)
      db.pragma(`journal_size_limit = ${walBytesMax}`)
      if (size <= checkedBytesMax) checkStructure(db)
      migrate(db, schema, version)
    })
  })
}

/**
 * A connection that sees what is committed and writes nothing, whoever else has the file open.
 * @throws LastpushError STORE_MISSING, STORE_OLDER, STORE_NEWER, STORE_DAMAGED, STORE_UNWRITABLE.
 */
export function openForReading(path: string, schema: Schema): Database.Database {
  return guarded(path, () => {
    const stats = checkRegularFile(path)
    if (stats === null) {
      const text = `there is no store at ${path}: start lastpush run first, or name it by --data`
      throw new LastpushError('STORE_MISSING', text)
    }
    if (stats.size === 0) throw damaged(path, 'it is empty')
    const options = { readonly: true, fileMustExist: true, timeout: busyTimeoutMs }
    return opened(new Database(path, options), (db) => {
      const version = storedVersion(db, schema)
      setSynchronous(db)
      if (version === schema.migrations.length) return
      throw new LastpushError(
        'STORE_OLDER',
        `${path} has schema version ${version}; lastpush run brings it to` +
          ` ${schema.migrations.length}: start that once`,
      )
    })
  })
}

/** What `PRAGMA synchronous` reads on a connection: 2 is FULL. */
export function synchronousOf(db: Database.Database): number {
  return db.pragma('synchronous', { simple: true }) as number
}

/** Makes the file with its tables; returns its size in bytes. */
function createFile(path: string, schema: Schema): number {
  const fresh = `${path}.new`
  rmSync(fresh, { force: true })
  // A log left behind by a file that is gone would be played into the new one.
  for (const end of companions) {
    rmSync(`${fresh}${end}`, { force: true })
    rmSync(`${path}${end}`, { force: true })
  }
  const db = opened(new Database(fresh, { timeout: busyTimeoutMs }), (made) => {
    chmodSync(fresh, fileMode)
    setDurable(made)
    migrate(made, schema, 0)
    made.pragma('wal_checkpoint(TRUNCATE)')
  })
  db.close()
  failPoint('store-before-rename')
  renameSync(fresh, path)
  syncDirectory(dirname(path))
  return statSync(path).size
}

function setDurable(db: Database.Database): void {
  const mode = db.pragma('journal_mode = WAL', { simple: true })
  if (mode !== 'wal') throw damaged(db.name, `its journal mode is ${String(mode)}, not WAL`)
  setSynchronous(db)
}

/** This build of SQLite comes up with NORMAL in WAL mode, which loses commits in a power cut. */
function setSynchronous(db: Database.Database): void {
  db.pragma('synchronous = FULL')
  const read = synchronousOf(db)
  if (read !== synchronousFull) throw damaged(db.name, `synchronous reads ${read}, not FULL`)
}

function checkStructure(db: Database.Database): void {
  const found = String(db.pragma('quick_check(1)', { simple: true }))
  if (found !== 'ok') throw damaged(db.name, found)
}

/** Closes the connection again when preparing it fails. */
function opened(
  db: Database.Database,
  prepare: (db: Database.Database) => void,
): Database.Database {
  try {
    prepare(db)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function guarded<T>(path: string, open: () => T): T {
  try {
    return open()
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (/^(EACCES|EPERM|EROFS|ENOENT|ENOTDIR|ENOSPC|EIO)$/.test(code)) {
      const kind = code === 'ENOSPC' ? 'STORE_FULL' : 'STORE_UNWRITABLE'
      throw new LastpushError(kind, `${path} cannot be opened: ${String(error)}`, { cause: error })
    }
    throw storeError(error, path)
  }
}

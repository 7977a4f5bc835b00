/** SQLite's result codes → the codes of lastpush, each with what to do about it.
 *  Errors that are none of SQLite's pass through unchanged: they are bugs and must look like it. */
import Database from 'better-sqlite3'
import { dirname } from 'node:path'
import { LastpushError } from '../model/errors.ts'

/** True for a failed read, write or sync: what the file now holds is unknown. */
export function isInputOutputError(error: unknown): boolean {
  if (error instanceof Database.SqliteError) return error.code.startsWith('SQLITE_IOERR')
  return isSystemInputOutputError(error)
}

/**
 * The error to show for what SQLite threw.
 * @param path The database file, for the message.
 * @returns A LastpushError with a STORE_ code, or the very same error when it is not SQLite's
 *   or tells of a bug (a broken constraint, a wrong statement).
 */
export function storeError(error: unknown, path: string): unknown {
  if (error instanceof SyntaxError) return damaged(path, 'a document in it is not JSON', error)
  if (isSystemInputOutputError(error)) return unwritable(path, error.message, error)
  if (!(error instanceof Database.SqliteError)) return error
  const { code, message } = error
  const said = `${code}: ${message}`
  // Extending the shared memory of the WAL is where a full disk shows as an input/output error.
  if (code === 'SQLITE_FULL' || code === 'SQLITE_IOERR_SHMSIZE') {
    return new LastpushError(
      'STORE_FULL',
      `the disk of ${dirname(path)} is full: free some space; nothing is dropped meanwhile`,
      { cause: error },
    )
  }
  if (/^SQLITE_(NOTADB|CORRUPT|FORMAT)/.test(code)) return damaged(path, said, error)
  if (/^no such (table|column)/.test(message)) return damaged(path, said, error)
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    const text = `another process writes to ${path}: stop it; only lastpush may write there`
    return new LastpushError('STORE_LOCKED', text, { cause: error })
  }
  if (/^SQLITE_(READONLY|CANTOPEN|PERM|AUTH|IOERR)/.test(code)) {
    return unwritable(path, said, error)
  }
  return error
}

function isSystemInputOutputError(error: unknown): error is Error {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'EIO'
}

function unwritable(path: string, said: string, cause: unknown): LastpushError {
  const text = `${path} cannot be read or written (${said}): check the disk and the permissions`
  return new LastpushError('STORE_UNWRITABLE', text, { cause })
}

/** STORE_DAMAGED with what to do about it. */
export function damaged(path: string, reason: string, cause?: unknown): LastpushError {
  return new LastpushError(
    'STORE_DAMAGED',
    `${path} is no readable store (${reason}): put a backup in its place,` +
      ' or move it away to start with an empty one',
    { cause },
  )
}

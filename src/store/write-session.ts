/** The only writing connection to one database: every request is one transaction, and a failed
 *  one changes nothing. It lives in the writer thread, and knows nothing of threads.
 *
 *  After a failed read, write or sync the connection is given up, because the kernel may report
 *  the next sync as done without having written what the failed one should have. The next
 *  request opens the file anew and counts its transactions: when one that was reported as failed
 *  turns out to have taken place, a caller that tries again would count twice, so everything is
 *  refused until a restart has read what the file really holds. A file that was removed or replaced
 *  under an open connection is refused too: what is written there is gone with the process. */
import type Database from 'better-sqlite3'
import { statSync } from 'node:fs'
import { failPoint } from '../flow/fail-points.ts'
import { LastpushError } from '../model/errors.ts'
import { eventWrites } from './event-writes.ts'
import { eventSchema, stateSchema } from './migrations.ts'
import { openForWriting, synchronousOf } from './sqlite-connection.ts'
import { isInputOutputError, storeError } from './sqlite-errors.ts'
import { stateWrites } from './state-writes.ts'
import type { WriteRequest, WriterKind } from './writer-messages.ts'

/** Does what a request asks for, inside the transaction of the caller; returns the answer. */
type Writes = (request: WriteRequest) => number

interface Connection {
  readonly db: Database.Database
  /** Of the file that is open, whatever its path leads to now. */
  readonly inode: number | undefined
  readonly run: Writes
}

const kinds = {
  state: { schema: stateSchema, writes: stateWrites },
  events: { schema: eventSchema, writes: eventWrites },
} as const

export class WriteSession {
  readonly #kind: WriterKind
  readonly #path: string
  #connection: Connection | null = null
  /** Transactions that the file holds, as far as callers were told; null before the first open. */
  #writes: number | null = null
  #refusal: LastpushError | null = null

  constructor(kind: WriterKind, path: string) {
    this.#kind = kind
    this.#path = path
  }

  /** Opens the file unless it is open; reopens it after an input/output error. */
  open(): void {
    this.#opened()
  }

  /** One transaction; after an error nothing has changed and the next request may succeed. */
  write(request: WriteRequest): number {
    const { run, inode } = this.#opened()
    if (inodeOf(this.#path) !== inode) throw this.#removed()
    try {
      failPoint(`${request.op}-before-begin`)
      const result = run(request)
      failPoint(`${request.op}-after-commit`)
      this.#writes = (this.#writes ?? 0) + 1
      return result
    } catch (error) {
      if (isInputOutputError(error)) this.close()
      throw storeError(error, this.#path)
    }
  }

  synchronous(): number {
    return synchronousOf(this.#opened().db)
  }

  close(): void {
    if (this.#connection !== null) failPoint('store-before-close')
    this.#connection?.db.close()
    this.#connection = null
  }

  #opened(): Connection {
    if (this.#refusal !== null) throw this.#refusal
    this.#connection ??= this.#open()
    return this.#connection
  }

  #open(): Connection {
    const { schema, writes } = kinds[this.#kind]
    const db = openForWriting(this.#path, schema)
    const inode = inodeOf(this.#path)
    try {
      const stored = db.prepare(`SELECT value FROM counter WHERE name = 'writes'`).pluck().get()
      if (this.#writes !== null && stored !== this.#writes) throw this.#refuse()
      this.#writes = stored as number
      const count = db.prepare(`UPDATE counter SET value = value + 1 WHERE name = 'writes'`)
      const apply = writes(db)
      const transaction = db.transaction((request: WriteRequest) => {
        count.run()
        const result = apply(request)
        failPoint(`${request.op}-before-commit`)
        return result
      })
      return { db, inode, run: (request) => transaction.immediate(request) }
    } catch (error) {
      db.close()
      throw storeError(error, this.#path)
    }
  }

  #removed(): LastpushError {
    return new LastpushError(
      'STORE_UNWRITABLE',
      `${this.#path} was removed or replaced while it was in use: move it back, or stop lastpush and` +
        ' put a backup in its place',
    )
  }

  #refuse(): LastpushError {
    this.#refusal = new LastpushError(
      'STORE_UNWRITABLE',
      `a write to ${this.#path} failed and yet is in the file: restart lastpush, which then goes` +
        ' on from what the file holds',
    )
    return this.#refusal
  }
}

/** undefined when there is no such file. */
function inodeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.ino
}

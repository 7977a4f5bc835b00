/** The transactional state in one SQLite file, `<data>/state.db`: one writer thread, read-only
 *  reads on the calling thread. Decided for SQLite because one transaction can hold the position
 *  in a log and everything counted up to it, and that is what "counted once" rests on. */
import type Database from 'better-sqlite3'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { prepareDataDir } from './data-dir.ts'
import { stateSchema } from './migrations.ts'
import { openForReading } from './sqlite-connection.ts'
import { SqliteStateReader } from './state-reader.ts'
import type { Commit, Dispatch, State, StateInfo, StateReader } from './state.ts'
import { Writer } from './writer.ts'
import type { StateRequest } from './writer-messages.ts'

/**
 * Opens the store for the daemon, which holds the lock of lock.ts; makes it when there is none.
 * @throws LastpushError STORE_NEWER, STORE_DAMAGED, STORE_FULL or STORE_UNWRITABLE.
 */
export async function openState(dataDir: string): Promise<State> {
  const path = join(await prepareDataDir(dataDir), stateSchema.file)
  const writer = await Writer.open<StateRequest>({ kind: 'state', path })
  try {
    return new SqliteState(openForReading(path, stateSchema), writer)
  } catch (error) {
    await writer.close()
    throw error
  }
}

/**
 * Opens the store for reading only, whether a daemon runs or not. Never makes or changes one.
 * @throws LastpushError STORE_MISSING, STORE_OLDER, STORE_NEWER, STORE_DAMAGED, STORE_UNWRITABLE.
 */
export async function openStateReader(dataDir: string): Promise<StateReader> {
  return new SqliteStateReader(
    openForReading(join(resolve(dataDir), stateSchema.file), stateSchema),
  )
}

/** A real store in a directory of its own, for commands that leave nothing behind. */
export interface TemporaryState {
  readonly state: State
  readonly dir: string
  /** Closes the store and removes the directory. */
  close(): Promise<void>
}

/** Makes a temporary store under the system's directory for such things. */
export async function openTemporaryState(): Promise<TemporaryState> {
  const dir = await mkdtemp(join(tmpdir(), 'lastpush-'))
  const remove = () => rm(dir, { recursive: true, force: true })
  try {
    const state = await openState(dir)
    const close = async () => {
      await state.close()
      await remove()
    }
    return { state, dir, close }
  } catch (error) {
    await remove()
    throw error
  }
}

class SqliteState extends SqliteStateReader implements State {
  readonly #writer: Writer<StateRequest>

  constructor(db: Database.Database, writer: Writer<StateRequest>) {
    super(db)
    this.#writer = writer
  }

  async commit(commit: Commit): Promise<void> {
    await this.#writer.request({ op: 'commit', commit })
  }

  async dispatch(dispatch: Dispatch): Promise<void> {
    await this.#writer.request({ op: 'dispatch', dispatch })
  }

  async dropBacklog(ids: readonly string[]): Promise<void> {
    await this.#writer.request({ op: 'dropBacklog', ids })
  }

  async compact(nowMs: number, keepMs: number): Promise<void> {
    const request = { op: 'compact', step: { now: nowMs, keepMs } } as const
    while ((await this.#writer.request(request)) > 0) {
      // Each part deletes panes, so the parts come to an end.
    }
  }

  override async info(): Promise<StateInfo> {
    const info = await super.info()
    const writing = await this.#writer.request({ op: 'synchronous' })
    return { ...info, synchronous: Math.min(info.synchronous, writing) }
  }

  /** The reader goes first, so that the writer is the last to close and folds the log in. */
  override async close(): Promise<void> {
    await super.close()
    await this.#writer.close()
  }
}

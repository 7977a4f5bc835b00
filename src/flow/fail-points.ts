/** Named places at which a test may end the process or fail a write: what a crash there would leave is
 *  then tried on the real program, and not by chance. LASTPUSH_FAIL_POINT=NAME[:NTH][:error] makes the
 *  NTH passage of the place (the first, if not given) kill this process at once, as SIGKILL does, or
 *  throw an input/output error. Threads count their passages apart. The places are listed in
 *  docs/how/exactly-once.md. Without the variable a passage is one comparison. */

/** What a transaction of the store is for, as the writer's requests name it. */
type WriteOp = 'commit' | 'dispatch' | 'dropBacklog' | 'compact' | 'put' | 'purge'

export type FailPoint =
  /** Around each kind of transaction of the store. */
  | `${WriteOp}-${'before-begin' | 'before-commit' | 'after-commit'}`
  /** An epoch has ended in memory and the store was not asked yet / the last one of a shutdown. */
  | 'epoch-taken'
  | 'stop-before-last-commit'
  /** Statements of a migration are done, and it is not committed / a new file has its tables, and
   *  not its name. */
  | 'migration-half-way'
  | 'store-before-rename'
  /** The last connection is about to fold the write-ahead log into the file. */
  | 'store-before-close'
  | 'dispatcher-before-write'
  | 'dispatcher-after-write'
  | 'outbox-before-read'
  | 'outbox-before-send'
  | 'outbox-after-yes'
  | 'outbox-after-note'
  | 'index-after-put'
  | 'spool-before-remove'

interface Armed {
  readonly name: string
  readonly throws: boolean
  passagesLeft: number
}

const armed = read(process.env['LASTPUSH_FAIL_POINT'])

/**
 * A place at which a test may end it all.
 * @throws Error with code EIO where the variable asks for one.
 */
export function failPoint(name: FailPoint): void {
  if (armed === null || armed.name !== name) return
  armed.passagesLeft -= 1
  if (armed.passagesLeft !== 0) return
  if (armed.throws) throw Object.assign(new Error(`EIO: fail point ${name}`), { code: 'EIO' })
  process.kill(process.pid, 'SIGKILL')
  // The signal may take a moment, in which nothing more may happen on this thread.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

function read(text: string | undefined): Armed | null {
  if (text === undefined || text === '') return null
  const [name = '', ...rest] = text.split(':')
  const nth = rest.find((part) => /^\d+$/.test(part))
  return { name, passagesLeft: Number(nth ?? 1), throws: rest.includes('error') }
}

/** Follows one path: the file at it now, and the files that were there before until they are done.
 *  Which paths there are, and when each gets its turn, is left to file.ts.
 *  What it knows between two turns is the checkpoint and little else. Closing a descriptor early, a
 *  restart and a rotation therefore all end in the same question: where is the file of the
 *  checkpoint, and is its content still what was read? */
import type { BigIntStats } from 'node:fs'
import type { Batch } from '../model/event.ts'
import { fileId, isFinished, type FilePosition } from './file-checkpoint.ts'
import { closingOnError, FileOpening, type FirstRead } from './file-opening.ts'
import { FileProgress } from './file-progress.ts'
import { reachOf } from './file-reach.ts'
import { FileReader } from './file-reader.ts'
import { compressedSince, locate, look, rotatedFrom } from './file-rotation.ts'
import { isSilent } from './file-silence.ts'
import type { FollowerParts, Reserving, Turn } from './file-turn.ts'
import type { Reach } from './source.ts'

const idle: Turn = { batches: [], more: false, done: false }
const more: Turn = { batches: [], more: true, done: false }

export class Follower implements Reserving {
  readonly path: string
  readonly #parts: FollowerParts
  readonly #progress: FileProgress
  readonly #opening: FileOpening
  readonly #keepStart: boolean
  #reading = false
  #opened = false
  /** The end of the file was reached in the last read. */
  #atEnd = false
  /** Offset up to which the file was read in the last turn, its unfinished line included. */
  #readTo = -1
  /** Facts of the path when its file was last read to the end. */
  #seen: BigIntStats | null = null
  /** Monotonic time since which the file has left its path and was silent. */
  #leftSince: number | null = null
  /** The last file is gone: one with the same content at the path is its copy. */
  #gone = false
  #fault: string | null = null
  /** Monotonic times at which bytes were read and at which the end was last reached. */
  #grewAt: number
  #atEndAt: number
  #delayMs: number

  /**
   * @param position Where to go on; null when nothing of the path was ever read.
   * @param start Where to begin then; `keep` commits an empty batch there, so that what is written
   *   or renamed while the daemon is stopped later is not taken for old.
   */
  constructor(
    path: string,
    position: FilePosition | null,
    start: FirstRead & { readonly keep: boolean },
    parts: FollowerParts,
  ) {
    this.path = path
    this.#parts = parts
    const { owners, context } = parts
    this.#opening = new FileOpening(
      path,
      owners,
      start,
      () => this.#reserveElders(),
      context.ownDir,
    )
    this.#keepStart = start.keep
    this.#progress = new FileProgress(parts.source, path, parts.context, position, parts.encoding)
    this.#delayMs = parts.timing.pollMs
    this.#grewAt = this.#atEndAt = context.clock.monotonic()
    if (position === null || isFinished(position)) return
    this.#reading = parts.owners.claim(fileId(position), path)
  }

  /** Time until the next turn after an idle one, ms. */
  get delayMs(): number {
    return this.#delayMs
  }

  /** True while its file stands at the very path, not behind a link that may be set elsewhere. */
  get isStraight(): boolean {
    return this.#reading && this.#progress.position?.file === this.path
  }

  /** What an operator should know; null when all is well. */
  get fault(): string | null {
    return this.#fault
  }

  /** Position of a path that has no file to read any more; null while it reads one. */
  get ended(): FilePosition | null {
    return this.#reading ? null : this.#progress.position
  }

  /** How far it is now. Never rejects. */
  reach(): Promise<Reach> {
    const reading = {
      position: this.#reading ? this.#progress.position : null,
      atEnd: this.#atEnd,
      readTo: this.#readTo,
      atEndAt: this.#atEndAt,
      isSlow: this.#delayMs > this.#parts.timing.pollMs,
    }
    return reachOf(this.path, reading, this.#parts)
  }

  /** Looks at the path before any follower reads; lays hold of what belongs to it. */
  reserve(): Promise<void> {
    return this.#opening.reserve(this.#progress.position)
  }

  /** Lays hold of the files put aside since the one it reads, before another path takes them. */
  async reserveRest(): Promise<void> {
    if (this.#progress.position !== null) await this.reserve()
  }

  async #reserveElders(): Promise<void> {
    for (const elder of rotatedFrom(this.path)) await this.#parts.followerOf(elder)?.reserveRest()
  }

  /** Opens what there is, so that the partition is known before the first batch of any. */
  prepare(): Promise<Turn> {
    return this.#guarded(async () => {
      if (!this.#reading) return (await this.#begin()) ?? more
      await this.#reader()
      return more
    })
  }

  /** Reads at most one buffer. @param buffer Lent for the call, `readBufferBytes` long. */
  turn(buffer: Buffer): Promise<Turn> {
    return this.#guarded(() => this.#turn(buffer))
  }

  /** The pipeline has taken a batch: its memory may hold the next one. */
  taken({ bytes }: Batch): void {
    this.#parts.files.get(this.path)?.reuse(bytes)
  }

  /** Tells the pipeline that nothing more comes, unless the path fills again. */
  close(): void {
    if (this.#opened) this.#parts.context.closed(this.path)
    this.#opened = false
  }

  async #guarded(turn: () => Promise<Turn>): Promise<Turn> {
    const before = this.#progress.position
    try {
      return await this.#parts.files.using(this.path, turn)
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error)) throw error
      // No batch of this turn is handed over, so no position of it may stand.
      this.#progress.restore(before)
      // What was seen of the file was not read: the same facts are no reason to leave it.
      this.#seen = null
      await this.#parts.files.drop(this.path)
      if (await this.#isRelieved(error)) return more
      this.#report(`cannot read: ${error.message}`)
      return this.#rest()
    }
  }

  /** Out of descriptors is no fault of this file: with fewer open, all of them get their turn. */
  async #isRelieved(error: Error): Promise<boolean> {
    if (!('code' in error) || (error.code !== 'EMFILE' && error.code !== 'ENFILE')) return false
    const { files, context, source, timing } = this.#parts
    const held = await files.relieve()
    if (held === null) return false
    context.log.debug({ source, held }, 'out of descriptors: fewer files are kept open')
    await context.clock.sleep(timing.pollMs, context.signal)
    return true
  }

  async #turn(buffer: Buffer): Promise<Turn> {
    const { context, timing, files } = this.#parts
    if (!this.#reading) return (await this.#begin()) ?? this.#rest()
    if (!this.#atEnd || context.once) return this.#read(buffer)
    const there = await look(this.path)
    const here = this.#isFile(there)
    files.markLeft(this.path, !here)
    if (!here) {
      this.#leftSince ??= context.clock.monotonic()
      this.#delayMs = timing.pollMs
      return this.#read(buffer)
    }
    this.#leftSince = null
    this.#progress.seenAtPath()
    // A new time at the same size is a reason to read as well: it may be a new content.
    if (there?.size === this.#seen?.size && there?.mtimeNs === this.#seen?.mtimeNs) {
      const silentMs = context.clock.monotonic() - this.#grewAt
      if (silentMs >= this.#parts.closeInactiveMs) await files.drop(this.path)
      return this.#rest()
    }
    this.#seen = there
    return this.#read(buffer)
  }

  async #read(buffer: Buffer): Promise<Turn> {
    const { context, timing } = this.#parts
    const reader = await this.#reader()
    if (reader === null) return this.#lose()
    const read = await reader.next(buffer)
    if (read.kind === 'replaced') {
      await this.#progress.renew(reader.handle, (await reader.handle.stat()).size)
      await reader.restart(this.#progress.position?.offset ?? 0)
      this.#atEnd = false
      return more
    }
    this.#report(null)
    this.#atEnd = read.end
    const now = context.clock.monotonic()
    if (read.end) this.#atEndAt = now
    const grew = reader.read !== this.#readTo
    this.#readTo = reader.read
    if (grew) {
      this.#delayMs = timing.pollMs
      this.#grewAt = now
      if (this.#leftSince !== null) this.#leftSince = now
    }
    if (read.pieces.length > 0 || !read.end) {
      const batches: Batch[] = []
      for (const piece of read.pieces) {
        batches.push(await this.#progress.batch(reader.handle, piece, piece.mark))
      }
      return { batches, more: !read.end || context.once, done: false }
    }
    // The end is acted on in the turn that saw it: the descriptor may be closed before the next.
    if (context.once) return this.#finish(reader, this.#isFile(await look(this.path)))
    if (this.#leftSince === null) return grew ? idle : this.#rest()
    return (await isSilent(
      reader,
      this.#leftSince,
      this.#progress.position,
      this.#opening,
      this.#parts,
    ))
      ? this.#finish(reader, false)
      : idle
  }

  /** True when these are the facts of the file being read. */
  #isFile(there: BigIntStats | null): boolean {
    const position = this.#progress.position
    return there !== null && position !== null && fileId(there) === fileId(position)
  }

  /** The open file of the position, opened again where it is now; null when it is nowhere. */
  async #reader(): Promise<FileReader | null> {
    const { files } = this.#parts
    const position = this.#progress.position
    const open = files.get(this.path)
    if (open !== null || position === null) return open
    const found = await locate(this.path, position)
    if (found === null) return null
    const reader = await closingOnError(found.handle, async () => {
      await this.#progress.renew(found.handle, Number(found.stat.size))
      return FileReader.at(found.handle, this.#progress.position?.offset ?? 0)
    })
    await this.#take(reader)
    return reader
  }

  /** Ends the present file; its unfinished last line counts now.
   *  @param final Nothing comes after it: a one-pass read has reached the file at the path. */
  async #finish(reader: FileReader, final: boolean): Promise<Turn> {
    const rest = reader.finish(!final)
    const ending = { terminated: !final, final }
    const batches =
      rest === null ? [] : [await this.#progress.batch(reader.handle, rest, reader.mark, ending)]
    await this.#leave((await reader.handle.stat()).nlink === 0)
    return { batches, more: !final, done: final }
  }

  /** Gives up a file that was renamed out of sight or deleted while it was not open. */
  async #lose(): Promise<Turn> {
    const { context, source } = this.#parts
    const position = this.#progress.position
    if (position !== null) {
      const archive = await compressedSince(this.path, position)
      const facts = { source, path: this.path, offset: position.offset, archive }
      context.log.warn(facts, 'the file went away unseen; lines after the offset are not counted')
    }
    await this.#leave(true)
    return more
  }

  async #leave(gone: boolean): Promise<void> {
    const { owners, files } = this.#parts
    const position = this.#progress.finish()
    owners.remember(position.finished)
    owners.release(fileId(position), this.path)
    await files.drop(this.path)
    this.#reading = false
    this.#readTo = -1
    this.#seen = null
    this.#leftSince = null
    this.#gone = gone
  }

  /** Goes over to the next file of the path; null when there is none to read. */
  async #begin(): Promise<Turn | null> {
    const position = this.#progress.position
    const last = position === null ? null : { position, gone: this.#gone }
    const next = await this.#opening.next(last)
    if ('refused' in next) {
      this.#report(next.refused)
      this.close()
      return null
    }
    const { handle } = next.file
    const reader = await closingOnError(handle, async () => {
      await this.#progress.begin(next)
      return FileReader.at(handle, next.offset)
    })
    this.#reading = true
    await this.#take(reader)
    if (last !== null || !this.#keepStart) return more
    return { ...more, batches: [this.#progress.emptyBatch()] }
  }

  async #take(reader: FileReader): Promise<void> {
    this.#atEnd = false
    this.#opened = true
    this.#parts.context.opened(this.path)
    this.#report(null)
    await reader.decode(this.#parts.encoding)
    await this.#parts.files.put(this.path, reader)
  }

  #report(message: string | null): void {
    if (message === this.#fault) return
    this.#fault = message
    const { context, source } = this.#parts
    context.fault(this.path, message)
    if (message !== null) context.log.warn({ source, path: this.path }, message)
  }

  /** A turn without anything to do; the next one is due later and later. */
  #rest(): Turn {
    if (this.#parts.context.once) return { ...idle, done: true }
    this.#delayMs = Math.min(this.#delayMs * 2, this.#parts.timing.quietMs)
    return idle
  }
}

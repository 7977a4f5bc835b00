/** Source kind `stdin`: lines piped into the process. A pipe cannot be read twice, so nothing can be
 *  resumed: what was read and not committed when the daemon dies is lost, and the position counts
 *  from 0 again after a restart. Whoever needs every line writes to a file and follows that. */
import type { Readable } from 'node:stream'
import { z } from 'zod'
import type { Batch } from '../model/event.ts'
import { LineCutter, type Piece } from './lines.ts'
import type { Source, SourceContext, SourceType } from './source.ts'
import { Stop } from './stop.ts'

/** The one partition of this kind. */
export const stdinPartition = 'stdin'

export type StdinOptions = Record<string, never>

export const stdin: SourceType<StdinOptions> = {
  kind: 'stdin',
  doc: 'Lines from standard input. Nothing is resumed after a restart.',
  example: '- { stdin: {} }',
  options: z.strictObject({}),
  create: (name) => stdinSource(name, process.stdin),
}

/**
 * Reads `input` to its end; the unterminated last line comes in a final batch.
 * Positions count the bytes that were read. The stream is destroyed when the signal aborts.
 */
export function stdinSource(name: string, input: Readable): Source {
  let cutter = new LineCutter()
  return {
    name,
    run: (context) => {
      cutter = new LineCutter()
      return read(name, input, cutter, context)
    },
    // How much the writer has in its pipe cannot be known.
    reach: async () => {
      const state = input.readableEnded || input.destroyed ? 'absent' : 'open'
      const unknown = { behindBytes: null, behindMs: null }
      return new Map([[stdinPartition, { state, position: cutter.read, ...unknown }]])
    },
  }
}

async function read(
  name: string,
  input: Readable,
  cutter: LineCutter,
  context: SourceContext,
): Promise<void> {
  const stop = new Stop(context.signal)
  const emit = (piece: Piece, final: boolean) =>
    stop.or(context.emit(batchOf(name, piece, final, context.clock.now())))
  context.opened(stdinPartition)
  const chunks = input.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer | string>
  try {
    for (;;) {
      const next = await stop.or(chunks.next())
      if (next === 'stopped') return
      if (next.done === true) break
      for (const piece of cutter.push(Buffer.from(next.value))) {
        if ((await emit(piece, false)) === 'stopped') return
      }
    }
    const rest = cutter.finish(false)
    if (rest !== null) await emit(rest, true)
  } catch (error) {
    // Only the pipe's own errors end here quietly: the other sources must go on.
    const broken = input.errored
    if (broken === null || broken !== error) throw error
    context.fault(stdinPartition, `cannot read: ${broken.message}`)
    context.log.warn({ source: name, error: broken.message }, 'standard input broke')
  } finally {
    // On a stop the partition is not closed: that would let the watermark run ahead.
    if (context.signal.aborted) input.destroy()
    else context.closed(stdinPartition)
  }
}

function batchOf(source: string, piece: Piece, final: boolean, arrivalMs: number): Batch {
  return {
    source,
    partition: stdinPartition,
    bytes: piece.bytes,
    start: piece.start,
    checkpoint: { offset: piece.end },
    arrivalMs,
    final,
    skippedBytes: piece.skippedBytes,
  }
}

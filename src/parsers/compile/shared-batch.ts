/** One batch at a time in memory that two threads see: one puts the text there and reads the columns,
 *  the other scans in between. Which of them may touch it is told by the messages they send. */
import type { Scanned } from '../parser.ts'
import { emitModule } from './emit-module.ts'
import { pieceBytes, WasmKernel } from './kernel-wasm.ts'
import { MemoryMap } from './memory-map.ts'
import type { Plan } from './plan.ts'

/** The side of the thread that has the batches. */
export class SharedBatch {
  readonly memory: WebAssembly.Memory
  readonly #plan: Plan
  readonly #map: MemoryMap
  readonly #bytes: Buffer

  constructor(plan: Plan) {
    this.#plan = plan
    this.#map = new MemoryMap(plan.layout)
    const pages = this.#map.pagesFor(pieceBytes)
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    this.#bytes = Buffer.from(this.memory.buffer)
  }

  /** Copies a batch in; false when there is no room for it. @returns Where its bytes are. */
  put(bytes: Buffer): Buffer | null {
    if (bytes.length > pieceBytes) return null
    const { origin } = this.#map.text
    this.#bytes.set(bytes, origin)
    return this.#bytes.subarray(origin, origin + bytes.length)
  }

  /** The columns that the other thread has filled. */
  found({ rows, unsure }: Pick<Scanned, 'rows' | 'unsure'>): Scanned {
    const { positions, numbers } = this.#plan.layout
    const { buffer } = this.memory
    const map = this.#map
    return {
      rows,
      unsure,
      kind: new Uint8Array(buffer, map.kind, rows),
      positions: Array.from(
        { length: positions },
        (_, column) => new Int32Array(buffer, map.positions(column), rows),
      ),
      numbers: Array.from(
        { length: numbers },
        (_, column) => new Float64Array(buffer, map.numbers(column), rows),
      ),
    }
  }
}

/** The side of the thread that scans. */
export function sharedKernel(plan: Plan, memory: WebAssembly.Memory): WasmKernel {
  return new WasmKernel(plan, emitModule(plan, pieceBytes, true), memory)
}

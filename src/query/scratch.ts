/** Room for the UTF-8 of one text after another, so that texts are looked at as bytes are. */
import { viewOf } from './value-dictionary.ts'

const bytesAtFirst = 4_096

export class Scratch {
  #bytes = Buffer.alloc(bytesAtFirst)
  #view = viewOf(this.#bytes)

  get bytes(): Buffer {
    return this.#bytes
  }

  get view(): DataView {
    return this.#view
  }

  /** @returns Bytes of the text, which stand at the beginning of `bytes` until the next call. */
  write(text: string): number {
    // A UTF-16 unit takes at most three bytes. It grows to the longest text, a line at most.
    if (text.length * 3 > this.#bytes.length) {
      this.#bytes = Buffer.alloc(text.length * 6)
      this.#view = viewOf(this.#bytes)
    }
    return this.#bytes.write(text)
  }
}

/** Finds many words in many texts at once. Texts are laid out one after another in the memory of
 *  word-kernel.ts and folded there: letters and digits in small letters, a space for all else, so
 *  that a word has a space on either side. Candidates of the filter are compared here.
 *
 *  A text is given in `[from, to)` of `bytes`; hits come after `flush`, text by text in the order in
 *  which they were given. What stands between words and what letters beyond ASCII mean is the
 *  caller's. */
import { GramTable, gramBytes } from './gram-table.ts'
import { gramAt } from './prefix-trie.ts'
import { kernelMemory, wordKernel, type WordKernel } from './word-kernel.ts'

/** Texts are looked at when they are so many bytes, which the second-level cache holds. */
const chunkBytes = 65_536
/** Longer texts do not fit. */
export const textBytesMax = 1_048_576
/** Bytes between a line and the next one: LF, or CR and LF. */
const lineBreakBytesMax = 2
const chunkTextsMax = 4_096
const candidatesMax = 16_384
/** Room before the first text and after the last, for loads beyond them. */
const margin = 64

/** Is told of every place where a literal stands. */
export interface WordSink {
  /** @param text Number of the text since the last flush. */
  hit(literal: number, text: number, at: number): void
}

/** A run of small letters and digits, with a space where it begins or ends a word. */
export class WordScan {
  readonly #literals: readonly Buffer[]
  readonly #tables: readonly { readonly table: GramTable; readonly place: number }[]
  readonly #kernel: WordKernel
  /** The texts as they are, and folded `#by` bytes behind. */
  readonly bytes: Buffer
  readonly #by: number
  readonly #out: number
  readonly #candidates: Int32Array
  /** By text: where it begins and ends in `bytes`. */
  readonly starts = new Int32Array(chunkTextsMax)
  readonly ends = new Int32Array(chunkTextsMax)
  #texts = 0
  #used = margin
  /** Lines that are to be copied to `at`. */
  readonly #run = { bytes: null as Buffer | null, from: 0, to: 0, at: 0 }

  /** @param literals No two are equal. */
  constructor(literals: readonly string[]) {
    this.#literals = literals.map((literal) => Buffer.from(literal))
    const numbers = [...literals.keys()]
    const short = numbers.filter((n) => literals[n]!.length < gramBytes)
    const long = numbers.filter((n) => literals[n]!.length >= gramBytes)
    const tables = [short, long]
      .filter((each) => each.length > 0)
      .map((each) => new GramTable(this.#literals, each))
    this.#by = chunkBytes + textBytesMax + margin * 2
    this.#out = this.#by * 2
    let end = this.#out + (candidatesMax + 1) * 4
    this.#tables = tables.map((table) => {
      const place = end
      end += table.filter.byteLength
      return { table, place }
    })
    const memory = kernelMemory(end)
    this.#kernel = wordKernel(memory)
    this.bytes = Buffer.from(memory.buffer)
    this.#candidates = new Int32Array(memory.buffer, this.#out, candidatesMax + 1)
    for (const { table, place } of this.#tables) {
      this.bytes.set(table.filter, place)
    }
  }

  /** Texts since the last flush. */
  get texts(): number {
    return this.#texts
  }

  /** True when the texts so far are to be flushed before another is added. */
  get full(): boolean {
    return this.#used >= chunkBytes || this.#texts === chunkTextsMax
  }

  /** Adds a text of at most `textBytesMax`. */
  add(bytes: Buffer, from: number, to: number): void {
    this.#begin()
    bytes.copy(this.bytes, this.#used, from, to)
    this.#end(to - from)
  }

  /** Adds a line that ends before its line break; lines side by side are copied together. */
  addLine(bytes: Buffer, from: number, to: number): void {
    const run = this.#run
    const broken = bytes[run.to] === 10 || bytes[run.to] === 13
    if (run.bytes !== bytes || !broken || from <= run.to || from > run.to + lineBreakBytesMax) {
      this.#begin()
      run.bytes = bytes
      run.from = from
      run.at = this.#used
    } else {
      this.#used = run.at + from - run.from
      this.starts[this.#texts] = this.#used
    }
    run.to = to
    this.ends[this.#texts++] = this.#used + to - from
    this.#used += to - from + 1
  }

  /** Adds a text that is no bytes yet; it is shorter than a third of `textBytesMax`. */
  addText(text: string): void {
    this.#begin()
    this.#end(this.bytes.write(text, this.#used))
  }

  /** Looks at the texts; the sink may read them in `bytes`. */
  flush(sink: WordSink): void {
    if (this.#texts === 0) return
    this.#copyRun()
    // The last text ends at a space, as all do.
    this.#kernel.fold(0, this.#used + 1, this.#by)
    for (const { table, place } of this.#tables) this.#scan(table, place, sink)
    this.#texts = 0
    this.#used = margin
  }

  #copyRun(): void {
    const { bytes, from, to, at } = this.#run
    if (bytes === null) return
    bytes.copy(this.bytes, at, from, to)
    this.bytes[at + to - from] = 0x20
    this.#run.bytes = null
  }

  #begin(): void {
    this.#copyRun()
    this.bytes[this.#used - 1] = 0x20
    this.starts[this.#texts] = this.#used
  }

  #end(length: number): void {
    const end = this.#used + length
    this.ends[this.#texts++] = end
    this.bytes[end] = 0x20
    this.#used = end + 1
  }

  #scan(table: GramTable, filter: number, sink: WordSink): void {
    const { step, mask, shift, width } = table
    const to = this.#used + this.#by - width + 1
    const range = { to, step, mask, shift, filter, out: this.#out, room: candidatesMax }
    let text = 0
    for (let from = margin - 1 + this.#by; from < to;) {
      from = this.#kernel.scan({ from, ...range })
      const count = this.#candidates[0]!
      for (let i = 1; i <= count; i++) {
        const place = this.#candidates[i]!
        // A window never begins with the space that ends its text.
        const at = place - this.#by
        while (text < this.#texts - 1 && at >= this.ends[text]!) text++
        this.#check(table, gramAt(this.bytes, place, width), place, text, sink)
      }
    }
  }

  #check(table: GramTable, gram: number, place: number, text: number, sink: WordSink): void {
    for (let entry = table.first(gram); entry >= 0; entry = table.next(entry)) {
      const number = table.literalOf(entry)
      const literal = this.#literals[number]!
      const start = place - table.offsetOf(entry)
      if (this.#stands(literal, start)) this.#tell(number, literal, start - this.#by, text, sink)
    }
  }

  #stands(literal: Buffer, start: number): boolean {
    const { bytes } = this
    for (let i = 0; i < literal.length; i++) if (bytes[start + i] !== literal[i]) return false
    return true
  }

  /** @param start Of the literal with its spaces. */
  #tell(number: number, literal: Buffer, start: number, text: number, sink: WordSink): void {
    const [first, last] = [literal[0] === 0x20 ? 1 : 0, literal.at(-1) === 0x20 ? 1 : 0]
    const [from, to] = [start + first, start + literal.length - last]
    if (from >= this.starts[text]! && to <= this.ends[text]!) sink.hit(number, text, from)
  }
}

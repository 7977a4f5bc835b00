/** What is remembered of the lines of a log: the keys of each of its objects, with the key that came
 *  after each, since most lines are made by the same few statements of a program. A key that stands
 *  where it is expected is compared with the bytes in place; else it is looked up by a hash. Nothing
 *  is expected of a line that changes its result, and what is remembered is bounded. */
import { aliasOf } from './aliases.ts'

/** UTF-16 units of a dotted name; a leaf with a longer one is ignored. */
export const nameLengthMax = 256
/** Keys remembered; all are forgotten when there are more, or when they take too many bytes. */
const keysMax = 4_096
const keyBytesMax = 262_144
/** A longer key has too long a name: a unit takes at most the six bytes of `\u0000`. */
const rawKeyBytesMax = nameLengthMax * 6
/** Slots looked at for one key: with more in a row somebody has chosen keys of one hash, and those
 *  beyond are not remembered. */
const probesMax = 32

/** A dotted name of leaves. */
export class LeafName {
  readonly text: string
  /** The field of ours that it stands for, by its own name; null when it stands for itself. */
  readonly field: LeafName | null
  /** Place among the names of the field; 0 is the best. */
  readonly rank: number
  readonly isTime: boolean
  readonly isLevel: boolean
  /** The batch that `column` is of, and the number of its column there; -1 where it has none. */
  batch = 0
  column = -1
  /** The last line, and the last choice, that this field was met in. */
  met = 0
  chosen = 0

  constructor(text: string, field: LeafName | 'itself' | null, rank: number) {
    this.text = text
    this.field = field === 'itself' ? this : field
    this.rank = rank
    this.isTime = text === 'time'
    this.isLevel = text === 'level'
  }
}

const noBytes = Buffer.alloc(0)
const noWords = new Int32Array(0)
const quote = Buffer.from('"')
const zeros = Buffer.alloc(4)

/** A key of one object, as it is written: escapes and all. */
export class Key {
  /** null: its leaves have too long a name. */
  readonly name: LeafName | null
  /** Found again in its object. */
  kept = false
  /** The object that it holds, once there was one. */
  inner: ObjectKeys | null = null
  /** The key after it in the last line, and the one before that was another. */
  next: Key | null = null
  other: Key | null = null
  /** Its bytes and the closing quote, four at a time; the last four overlap those before. */
  readonly words: Int32Array
  readonly first: number
  readonly firstMask: number
  /** Bytes with the closing quote. */
  readonly length: number
  readonly hash: number

  /** @param raw null: it stands nowhere. */
  constructor(name: LeafName | null, raw: Buffer | null, hash: number) {
    this.name = name
    this.hash = hash
    const bytes = raw === null ? noBytes : Buffer.concat([raw, quote])
    const { length } = bytes
    this.length = length
    this.firstMask = length < 4 ? (1 << (8 * length)) - 1 : -1
    this.first = length === 0 ? -1 : Buffer.concat([bytes, zeros]).readInt32LE(0) & this.firstMask
    this.words = length <= 4 ? noWords : wordsOf(bytes)
  }

  /** True when this key, and its closing quote, stand at a position. */
  standsAt(view: DataView, at: number): boolean {
    if ((view.getInt32(at, true) & this.firstMask) !== this.first) return false
    const { words, length } = this
    const last = words.length - 1
    for (let n = 0; n < last; n++)
      if (view.getInt32(at + 4 + 4 * n, true) !== words[n]) return false
    return last < 0 || view.getInt32(at + length - 4, true) === words[last]
  }
}

/** Bytes after the first four, four at a time. */
function wordsOf(bytes: Buffer): Int32Array {
  return Int32Array.from({ length: Math.ceil(bytes.length / 4) - 1 }, (_, n) =>
    bytes.readInt32LE(Math.min(4 + 4 * n, bytes.length - 4)),
  )
}

/** The keys of the objects at one place. */
export class ObjectKeys {
  /** What stands before the names of its leaves, with its dot. */
  readonly prefix: string
  /** Stands before the first key. */
  readonly head = new Key(null, null, 0)
  #table: (Key | null)[] = [null, null, null, null]
  #size = 0

  constructor(prefix: string) {
    this.prefix = prefix
  }

  /** The key in bytes [from, to); null when it is not remembered. */
  find(view: DataView, from: number, to: number, hash: number): Key | null {
    const table = this.#table
    const mask = table.length - 1
    for (let probe = 0; probe < probesMax; probe++) {
      const known = table[(hash + probe) & mask]!
      if (known === null) return null
      if (known.hash !== hash || known.length !== to - from + 1) continue
      if (known.standsAt(view, from)) return known
    }
    return null
  }

  /** Remembers a key; not where too many of its hash are. */
  add(key: Key): void {
    if (this.#size * 2 >= this.#table.length) {
      const old = this.#table
      this.#table = new Array<Key | null>(old.length * 2).fill(null)
      for (const each of old) if (each !== null) this.#place(each)
    }
    this.#place(key)
    if (key.kept) this.#size += 1
  }

  #place(key: Key): void {
    const mask = this.#table.length - 1
    for (let probe = 0; probe < probesMax; probe++) {
      const slot = (key.hash + probe) & mask
      if (this.#table[slot] !== null) continue
      this.#table[slot] = key
      key.kept = true
      return
    }
    key.kept = false
  }
}

/** Keys and names of one parser. */
export class Shapes {
  root = new ObjectKeys('')
  readonly #ours = new Map<string, LeafName>()
  #names = new Map<string, LeafName>()
  #keys = 0
  #keyBytes = 0

  /** Forgets everything once it is too much; between batches, as names know their columns. */
  trim(): void {
    if (!this.#full) return
    this.root = new ObjectKeys('')
    this.#names = new Map()
    this.#keys = 0
    this.#keyBytes = 0
  }

  get #full(): boolean {
    return this.#keys >= keysMax || this.#keyBytes >= keyBytesMax
  }

  /** The key in bytes [from, to) of an object, remembered from now on while there is room.
   *  @param escaped It holds escapes. */
  find(
    object: ObjectKeys,
    bytes: Buffer,
    view: DataView,
    from: number,
    to: number,
    escaped: boolean,
  ): Key {
    const hash = hashOf(bytes, from, to)
    const known = object.find(view, from, to, hash)
    if (known !== null) return known
    if (to - from > rawKeyBytesMax) return new Key(null, null, 0)
    const text = bytes.toString('utf8', from, to)
    const written = object.prefix + (escaped ? (JSON.parse(`"${text}"`) as string) : text)
    const name = written.length > nameLengthMax ? null : this.name(written)
    if (this.#full) return new Key(name, null, 0)
    const raw = Buffer.from(bytes.subarray(from, to))
    const key = new Key(name, raw, hash)
    object.add(key)
    this.#keys += 1
    this.#keyBytes += raw.length
    return key
  }

  /** The keys of the object that a key holds; null where all its leaves have too long a name. */
  inner(key: Key): ObjectKeys | null {
    const { name } = key
    if (name === null) return null
    return (key.inner ??= new ObjectKeys(name.text === '' ? '' : `${name.text}.`))
  }

  /** A name; not remembered when there are too many, so the same may come twice. */
  name(text: string): LeafName {
    const known = this.#ours.get(text) ?? this.#names.get(text)
    if (known !== undefined) return known
    const alias = aliasOf(text)
    if (alias !== undefined) {
      const field = text === alias.field ? 'itself' : this.name(alias.field)
      const name = new LeafName(text, field, alias.rank)
      this.#ours.set(text, name)
      return name
    }
    const name = new LeafName(text, null, 0)
    if (!this.#full) this.#names.set(text, name)
    return name
  }
}

function hashOf(bytes: Buffer, from: number, to: number): number {
  let hash = 0
  for (let at = from; at < to; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0
  return hash ^ (hash >>> 15)
}

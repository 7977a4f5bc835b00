/** The record batches of a fetched partition → messages, as the client's consumer takes them. The
 *  client would give up the whole fetch, of all partitions, for one batch that it cannot unpack, and
 *  again after each restart; here such a batch becomes one message that says so. It would also make
 *  objects of as many records as a batch holds: here a part of them is handed over, and the client
 *  asks for the rest.
 *  Format: version 2 of the message format, kafka.apache.org/documentation/#recordbatch. */
import { unpackRecords } from './codecs.ts'
import { crc32c } from './crc32c.ts'
import { RecordReader } from './record-reader.ts'

/** Records of one batch that are handed over at once. */
const recordsMax = 50_000
/** Bytes before the records of a batch. */
const headBytes = 61
/** Where the checksum of a batch stands, and where what it is of begins. */
const checksumAt = 17
const checkedFrom = 21
/** Bytes before what the length of a batch counts. */
const lengthBytes = 12

/** A batch whose messages cannot be had. */
export interface Undecodable {
  /** Offsets of its first and last message. */
  readonly from: number
  readonly to: number
  readonly reason: string
}

/** A message as the client's consumer wants it. */
export interface DecodedMessage {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, Buffer | readonly Buffer[]>>
  readonly isControlRecord: boolean
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean }
  /** Stands for all messages of a batch. */
  readonly undecodable?: Undecodable
}

/** Facts of a batch, beside its records. */
interface Head {
  readonly base: number
  readonly lastOffset: number
  readonly compression: number
  readonly isAppendTime: boolean
  readonly isControl: boolean
  readonly firstTime: bigint
  readonly maxTime: bigint
  readonly count: number
  readonly context: DecodedMessage['batchContext']
}

/** Messages of a partition, and what memory they hold. */
export interface Decoded {
  readonly messages: DecodedMessage[]
  readonly unpackedBytes: number
}

/**
 * Decodes whole batches in order; a part of one at the end is left out, as brokers cut fetches
 * anywhere.
 * @param from Offset that was asked for: messages before it are left out.
 * @param bytesMax Bytes of unpacked records after which no further batch is begun.
 */
export async function decodeBatches(
  bytes: Buffer,
  from: number,
  bytesMax: number,
): Promise<Decoded> {
  const messages: DecodedMessage[] = []
  let unpackedBytes = 0
  for (let at = 0; at + headBytes <= bytes.length && unpackedBytes <= bytesMax;) {
    const end = at + lengthBytes + bytes.readInt32BE(at + 8)
    if (end > bytes.length || end < at + headBytes) break
    const batch = bytes.subarray(at, end)
    const head = readHead(batch)
    at = end
    if (head.lastOffset < from) continue
    const packed = batch.subarray(headBytes)
    const before = messages.length
    try {
      if (crc32c(batch.subarray(checkedFrom)) !== batch.readUInt32BE(checksumAt)) {
        throw new Error('the checksum is wrong')
      }
      const records = await unpackRecords(head.compression, packed)
      unpackedBytes += records.length
      if (readRecords(records, head, from, messages) === 'part') break
    } catch (error) {
      messages.length = before
      messages.push(undecodable(head, from, error))
    }
  }
  return { messages, unpackedBytes }
}

/** Adds the messages from an offset on. @throws RangeError when the records are broken. */
function readRecords(
  records: Buffer,
  head: Head,
  from: number,
  messages: DecodedMessage[],
): 'all' | 'part' {
  const reader = new RecordReader(records)
  const before = messages.length
  for (let left = head.count; left > 0; left--) {
    if (messages.length - before >= recordsMax) return 'part'
    const record = reader.next(from - head.base)
    if (record === null) continue
    const { timeDelta, offsetDelta, key, value, headers } = record
    messages.push({
      offset: String(head.base + offsetDelta),
      timestamp: String(head.isAppendTime ? head.maxTime : head.firstTime + timeDelta),
      key,
      value,
      headers,
      isControlRecord: head.isControl,
      batchContext: head.context,
    })
  }
  // Compaction may have removed the last records: without a word of them the client would ask for
  // this batch for ever. It takes no notice of a control record but of its offset.
  if (Number(messages.at(-1)?.offset ?? -1) < head.lastOffset) messages.push(lastOf(head))
  return 'all'
}

function lastOf(head: Head): DecodedMessage {
  return {
    offset: String(head.lastOffset),
    timestamp: String(head.maxTime),
    key: null,
    value: null,
    headers: {},
    isControlRecord: true,
    batchContext: head.context,
  }
}

/** Stands for all of a batch: whoever finds one record broken knows nothing of those beside it. */
function undecodable(head: Head, from: number, error: unknown): DecodedMessage {
  const reason = error instanceof Error ? error.message : String(error)
  return {
    ...lastOf(head),
    isControlRecord: false,
    undecodable: { from: Math.max(from, head.base), to: head.lastOffset, reason },
  }
}

function readHead(batch: Buffer): Head {
  const attributes = batch.readInt16BE(21)
  const base = Number(batch.readBigInt64BE(0))
  return {
    base,
    lastOffset: base + batch.readInt32BE(23),
    compression: attributes & 0x07,
    isAppendTime: (attributes & 0x08) !== 0,
    isControl: (attributes & 0x20) !== 0,
    firstTime: batch.readBigInt64BE(27),
    maxTime: batch.readBigInt64BE(35),
    count: batch.readInt32BE(57),
    context: {
      producerId: String(batch.readBigInt64BE(43)),
      inTransaction: (attributes & 0x10) !== 0,
    },
  }
}

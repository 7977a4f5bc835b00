/** A message on its way: as it was fetched, and with what was found in it. */
import type { Unwrapped } from './envelope.ts'
import type { Undecodable } from './record-batch.ts'

/** What is read of a message of kafkajs. */
export interface Message {
  readonly offset: string
  /** ms since the epoch, decimal; -1 when the message has none. */
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers?: Readonly<Record<string, HeaderValue | readonly HeaderValue[] | undefined>>
  /** Stands for all messages of a batch that could not be decoded. */
  readonly undecodable?: Undecodable
}

export type HeaderValue = Buffer | string

/** A message with what was found in it. */
export interface ReadMessage extends Message {
  /** null: nothing of it becomes a line. */
  readonly unwrapped?: Unwrapped | null
}

/** Makes the client. It is loaded only here: who reads no Kafka does not pay for it. */
import type { Kafka } from 'kafkajs'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Log } from '../../flow/log.ts'
import { unpackRecords } from './codecs.ts'
import { decodeFetchesHere } from './fetch-response.ts'
import type { KafkaOptions } from './options.ts'
import { readLogin, readTls, socketFactory } from './security.ts'
import { clientLog } from './words.ts'

const pack = promisify(gzip)

/** Waiting for a connection, and for an answer, ms. */
const connectMs = 5_000
const answerMs = 15_000

/** The one way to pack that a producer in this process may ask for. */
const packGzip = ({ buffer }: { readonly buffer: Buffer }) => pack(buffer)

/** @throws Error when a certificate or a password cannot be read. */
export async function makeClient(options: KafkaOptions, log: Log, source: string): Promise<Kafka> {
  const [tls, login] = await Promise.all([readTls(options.tls), readLogin(options.sasl)])
  const { default: kafkajs } = await import('kafkajs')
  decodeFetchesHere()
  // For messages of the formats before version 2, which the client decodes by itself.
  const { CompressionCodecs, CompressionTypes } = kafkajs
  const codecs: Record<number, () => unknown> = CompressionCodecs
  const { GZIP, Snappy, LZ4, ZSTD } = CompressionTypes
  for (const type of [GZIP, Snappy, LZ4, ZSTD]) {
    codecs[type] = () => ({
      compress: packGzip,
      decompress: (packed: Buffer) => unpackRecords(type, packed),
    })
  }
  return new kafkajs.Kafka({
    clientId: options.client_id,
    brokers: options.brokers,
    ...(tls === null ? {} : { ssl: tls }),
    ...(login === null ? {} : { sasl: login }),
    socketFactory: socketFactory(options.brokers),
    connectionTimeout: connectMs,
    requestTimeout: answerMs,
    retry: { retries: 2, initialRetryTime: 100 },
    logLevel: kafkajs.logLevel.INFO,
    logCreator: clientLog(log, source),
  })
}

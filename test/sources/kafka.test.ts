import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { headerFieldsMax, packMessages } from '../../src/sources/kafka/lines.ts'
import type { Message } from '../../src/sources/kafka/message.ts'
import { kafkaOptions } from '../../src/sources/kafka/options.ts'
import { KafkaPartition, positionAt, readKafkaPosition } from '../../src/sources/kafka/partition.ts'

const nowMs = 1_700_000_000_000

function message(offset: number, value: string | Buffer | null, given: object = {}): Message {
  const bytes = value === null ? null : Buffer.from(value)
  return { offset: String(offset), timestamp: '1600000000000', key: null, value: bytes, ...given }
}

const fetched = (from: number, messages: readonly Message[], end = NaN) => {
  const last = Number(messages.at(-1)?.offset ?? from - 1)
  return { from, messages, end: Number.isNaN(end) ? last + 1 : end }
}

describe('messages', () => {
  test('become lines at positions of their offset and line number', () => {
    const { bytes, lines } = packMessages([message(7, 'a'), message(9, 'b\nc')], 0, nowMs)
    expect(bytes.toString()).toBe('a\nb\nc\n')
    expect([...lines.positions]).toEqual([70_000, 90_000, 90_001])
  })

  test('of an empty value are one empty line, and one line break at the end makes none', () => {
    const values = ['', 'a\n', 'b\n\n', '\n'].map((value, i) => message(i, value))
    const { bytes, lines } = packMessages(values, 0, nowMs)
    expect(bytes.toString()).toBe('\na\nb\n\n\n')
    expect([...lines.positions]).toEqual([0, 10_000, 20_000, 20_001, 30_000])
  })

  test('share their last position beyond 10,000 lines, and count all the same', () => {
    const { lines } = packMessages([message(0, 'x\n'.repeat(10_002)), message(1, 'y')], 0, nowMs)
    expect([...lines.positions.slice(-4)]).toEqual([9_999, 9_999, 9_999, 10_000])
    expect(lines.positions).toHaveLength(10_003)
  })

  test('arrive at their timestamp, or now when it is missing or in the future', () => {
    const times = ['1600000000000', '-1', '1700000000001'].map((timestamp, i) =>
      message(i, 'x', { timestamp }),
    )
    const { lines } = packMessages(times, 0, nowMs)
    expect([...lines.arrivals]).toEqual([1_600_000_000_000, nowMs, nowMs])
  })

  test('make a field of each header up to the bound, and of the key in any case', () => {
    const headers = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`h${i}`, `v${i}`]))
    const { lines } = packMessages([message(0, 'x', { headers }), message(1, 'y', { key: Buffer.from('k') })], 0, nowMs) // prettier-ignore
    expect(lines.fields.size).toBe(headerFieldsMax + 1)
    expect(lines.fields.get('header.h31')?.text(0)).toBe('v31')
    expect(lines.fields.get('header.h31')?.has(1)).toBe(false)
    expect(lines.fields.get('key')?.text(1)).toBe('k')
  })

  test('mark the very lines that were cut', () => {
    const long = `short\n${'x'.repeat(1_048_577)}\nafter`
    const { lines } = packMessages([message(0, long)], 0, nowMs)
    const marks = lines.fields.get('truncated')
    expect([0, 1, 2].map((row) => marks?.text(row))).toEqual([null, 'true', null])
  })

  test('fill a batch up to 256 KiB, a greater one alone', () => {
    const half = Buffer.alloc(140_000, 'x')
    const sizes = (values: Buffer[]) =>
      packMessages(values.map((value, i) => message(i, value)), 0, nowMs).messages.length // prettier-ignore
    expect(sizes([half, half, half])).toBe(1)
    expect(sizes([Buffer.alloc(300_000, 'x'), half])).toBe(1)
    expect(sizes([half, Buffer.alloc(100_000, 'x'), half])).toBe(2)
  })

  test('have their over-long lines cut and the skipped bytes counted', () => {
    const value = Buffer.concat([Buffer.alloc(1_048_580, 'a'), Buffer.from('\nb')])
    const packed = packMessages([message(3, value)], 0, nowMs)
    expect(packed.bytes.length).toBe(1_048_576 + 1 + 2)
    expect(packed.skippedBytes).toBe(4)
    expect([...packed.lines.positions]).toEqual([30_000, 30_001])
  })

  test('have lines and positions that do not depend on how they are cut into batches', () => {
    const value = fc.option(
      fc.array(fc.constantFrom('a', '\n', 'bc'), { maxLength: 6 }).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(fc.array(value, { maxLength: 12 }), fc.nat(12), (values, cut) => {
        const messages = values.map((each, i) => message(i * 2, each))
        const facts = (some: readonly Message[]) => {
          const { bytes, lines } = packMessages(some, 30_000, nowMs)
          return { text: bytes.toString(), positions: [...lines.positions] }
        }
        const whole = facts(messages)
        const [head, tail] = [facts(messages.slice(0, cut)), facts(messages.slice(cut))]
        expect(head.text + tail.text).toBe(whole.text)
        expect([...head.positions, ...tail.positions]).toEqual(whole.positions)
        const lines = values.flatMap((each) => each?.replace(/\n$/, '').split('\n') ?? [])
        expect(whole.text).toBe(lines.map((line) => `${line}\n`).join(''))
      }),
    )
  })
})

describe('a partition', () => {
  const three = [message(0, 'a'), message(1, 'b'), message(2, 'c')]

  /** One that has read the three messages, and is assigned again. */
  function read(): KafkaPartition {
    const partition = new KafkaPartition('t', 0, positionAt(0))
    partition.batch('queue', three, 3, nowMs)
    return new KafkaPartition('t', 0, partition.position)
  }

  test('begins where it is placed, and again at the last message that it has read', () => {
    expect(new KafkaPartition('t', 0, positionAt(5)).begin()).toBe(5)
    expect(read().begin()).toBe(2)
  })

  test('takes what follows the message it knows', () => {
    const partition = read()
    partition.begin()
    const fresh = message(3, 'd')
    const verdict = partition.judge(fetched(2, [message(2, 'c'), fresh]))
    expect(verdict).toEqual({ kind: 'fresh', messages: [fresh] })
  })

  test.each([
    ['value', message(2, 'other')],
    ['time', message(2, 'c', { timestamp: '1600000000001' })],
    ['key', message(2, 'c', { key: Buffer.from('c') })],
    ['null for a value', message(2, null)],
  ])('knows another log by another %s at the same offset', (_, other) => {
    const partition = read()
    partition.begin()
    expect(partition.judge(fetched(2, [other])).kind).toBe('other log')
  })

  test('takes the log for the same when compaction has removed the message', () => {
    const partition = read()
    partition.begin()
    const later = message(8, 'd')
    expect(partition.judge(fetched(2, [later]))).toEqual({ kind: 'fresh', messages: [later] })
  })

  test('tells a fetch that began elsewhere', () => {
    const partition = read()
    partition.begin()
    expect(partition.judge(fetched(0, [message(0, 'a')])).kind).toBe('behind')
    expect(partition.judge(fetched(4, [message(4, 'e')])).kind).toBe('ahead')
  })

  test('goes on behind records that are not handed over', () => {
    const partition = new KafkaPartition('t', 0, positionAt(0))
    const { batch } = partition.batch('queue', three, 5, nowMs)
    expect(batch.checkpoint).toMatchObject({ offset: 5, base: 0, mark: { offset: 2 } })
    expect(partition.begin()).toBe(2)
    expect(partition.judge(fetched(2, [message(2, 'c')])).kind).toBe('fresh')
    expect(partition.judge(fetched(5, [message(5, 'd')])).kind).toBe('fresh')
  })

  test('has a batch without lines for messages without values', () => {
    const partition = new KafkaPartition('t', 0, positionAt(0))
    const taken = partition.batch('queue', [message(0, null), message(1, null)], 2, nowMs)
    expect(taken.batch.bytes).toHaveLength(0)
    expect(taken.batch.lines).toBeUndefined()
    expect(taken.batch.checkpoint).toMatchObject({ offset: 2 })
    expect(taken.tombstones).toBe(2)
  })

  test('has greater positions in a log that was made again', () => {
    const partition = read()
    partition.restart(0)
    const { batch } = partition.batch('queue', [message(0, 'new')], 1, nowMs)
    expect(batch.start).toBe(30_000)
    expect(batch.checkpoint).toMatchObject({ offset: 1, base: 30_000 })
  })

  test('understands its own checkpoints and no others', () => {
    const { position } = read()
    expect(readKafkaPosition(JSON.parse(JSON.stringify(position)))).toEqual(position)
    expect(readKafkaPosition({ offset: 3 })).toBeNull()
    expect(readKafkaPosition({ offset: -1, base: 0, mark: null })).toBeNull()
  })
})

describe('options', () => {
  test('need brokers and topics, and have a default for the rest', () => {
    expect(kafkaOptions.parse({ brokers: 'kafka:9092', topics: ['a', 'b', 'a'] })).toEqual({
      brokers: ['kafka:9092'],
      topics: ['a', 'b'],
      client_id: 'lastpush',
      consumers: 1,
      from: 'end',
      envelope: 'none',
    })
  })

  test.each([
    [{ brokers: ['kafka'] }, 'expected host:port such as "127.0.0.1:9092", got "kafka"'],
    [{ brokers: [] }, 'names no brokers'],
    [{ topics: ['a b'] }, '"a b" is no name of a Kafka topic'],
    [{ topics: ['..'] }, '".." is no name of a Kafka topic'],
    [{ topics: undefined }, 'expected a list of topics'],
    [{ consumers: 0 }, 'needs at least one consumer'],
    [{ from: 'start' }, 'expected end or beginning'],
    [
      { envelope: 'filebeats' },
      'expected none, auto, filebeat, vector or fluent_bit; did you mean filebeat?',
    ],
    [{ consumer: 3 }, 'consumer is not known here; did you mean consumers?'],
    [{ tls: { ca: 'x' } }, 'ca is not known here'],
    [{ tls: { cert_file: 'x' } }, 'cert_file and key_file belong together'],
    [
      { sasl: { mechanism: 'scram', username: 'u', password_env: 'P' } },
      'expected plain, scram-sha-256 or scram-sha-512',
    ],
    [
      { sasl: { mechanism: 'plain', username: 'u' } },
      'needs one of password_file and password_env',
    ],
    [
      { sasl: { mechanism: 'plain', username: 'u', pasword_env: 'P', password_env: 'P' } },
      'pasword_env is not known here; did you mean password_env?',
    ],
    [{ take_over: 'mine' }, 'expected the id of a store, 16 hex digits, as the fault names it'],
    [{ dead_letter_topic: 'a b' }, 'is no name of a Kafka topic'],
  ])('refuse %j', (given, sentence) => {
    const read = kafkaOptions.safeParse({ brokers: ['k:9092'], topics: ['a'], ...given })
    expect(read.error?.issues.map(({ message }) => message)).toEqual([sentence])
  })
})

test('a topic that two sources name is a fault of the configuration', () => {
  const text = `sources:
  - { name: one, kafka: { brokers: [a:9092], topics: [errors, access] } }
  - { name: two, kafka: { brokers: [b:9092], topics: [errors] } }
`
  expect(() => parseConfig('lastpush.yaml', text, '/')).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      faults: [
        {
          place: expect.objectContaining({ line: 3 }) as object,
          message: 'the source "one" reads the topic errors already',
        },
      ],
    }),
  )
})

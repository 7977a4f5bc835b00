/** F57, F58, F59: no message counts twice and none is left out, while the broker dies, the daemon is
 *  killed, and consumers join and leave: other numbers of ours after each kill, and a guest of the
 *  group that takes partitions and gives them back. The built program and a real broker. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Kafka } from 'kafkajs'
import { expect, test } from 'vitest'
import type { Server } from '../servers/start.ts'
import { ownServer } from '../servers/tests.ts'
import { testClient, Topic } from '../servers/topics.ts'
import { readBooks, type Books } from './books.ts'
import { Daemon, folder, full, until } from './daemon.ts'
import { seeded, type Random } from './random.ts'

const { total, partitions, kills, brokerKills } = full
  ? { total: 1_000_000, partitions: 8, kills: 10, brokerKills: 2 }
  : { total: 40_000, partitions: 4, kills: 2, brokerKills: 1 }
const minutesMax = full ? 30 : 4
/** The lines are older than a minute by the end of the long run; without this the partitions that the
 *  guests take would be left behind by the others, as laggards are. */
const lateness = full ? '5m' : '1s'
const resolvedWithinMs = full ? 600_000 : 60_000
/** All lines of this stretch say that the database is gone; they are the one alert. */
const outage = { from: total * 0.6, to: total * 0.6 + 1_000 } as const
/** Consumers of each life of the daemon, in turn. */
const consumers = [3, 1, 2]

const rule = `
name: database-gone
type: frequency
query: level:crit
num_events: 500
timeframe: 2s
`

/** Line n of all; ten a millisecond, as fast as they are written. */
function line(n: number, fromMs: number): string {
  const time = new Date(fromMs + n / 10).toISOString()
  const path = `/p/${n % 50}`
  if (n >= outage.from && n < outage.to) {
    return JSON.stringify({ time, status: 503, level: 'crit', path, message: 'database is gone' })
  }
  if (n % 100 === 0) {
    const message = `payment of order ${n} failed`
    return JSON.stringify({ time, status: 500, level: 'error', path, message })
  }
  const message = n % 10 === 1 ? 'page not found' : 'page served'
  const status = n % 10 === 1 ? 404 : 200
  return JSON.stringify({ time, status, level: 'info', path, message })
}

test(
  `counts ${total} messages over ${partitions} partitions exactly, with ${kills} kills of the daemon, ${brokerKills} of the broker, and guests`,
  { timeout: minutesMax * 60_000, retry: 0 },
  async (ctx) => {
    const broker = await ownServer(ctx, 'kafka')
    const topic = await Topic.make(broker.address, partitions)
    const random = seeded()
    const dir = folder()
    const dataDir = join(dir, 'data')
    writeFileSync(join(dir, 'rule.yaml'), rule)
    const lives: Daemon[] = []
    const start = (life: number) => {
      const config = join(dir, 'lastpush.yaml')
      writeFileSync(config, configOf(broker.address, topic, consumers[life % 3] ?? 1))
      const daemon = new Daemon({ dataDir, args: ['-c', config] })
      lives.push(daemon)
      return daemon
    }

    const writing = new Writing(topic)
    const written = writing.run()
    const guests = new Guests(broker.address, topic, random)
    const visiting = guests.run()
    let daemon = start(0)
    const goals = goalsOf(random)
    for (const [index, { at, victim }] of goals.entries()) {
      await counted(daemon, at)
      await delay(random.below(300))
      if (victim === 'broker')
        await guests.without(() => writing.without(() => restarted(broker, random)))
      else {
        await daemon.kill()
        daemon = start(index + 1)
      }
    }
    await written
    await counted(daemon, total)
    guests.stop()
    await visiting
    await resolved(daemon)
    expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
    expect(guests.visits).toBeGreaterThan(0)
    const foreign = lives
      .flatMap(({ stderr }) => stderr.split('\n'))
      .filter((each) => each.includes('another member'))
    expect(foreign).toEqual([])
    expectExact(await readBooks(dataDir), topic.name, `LASTPUSH_FAULTS_SEED=${random.seed}`)
  },
)

interface Goal {
  /** Lines that are counted before. */
  readonly at: number
  readonly victim: 'daemon' | 'broker'
}

function goalsOf(random: Random): readonly Goal[] {
  const victims = Array.from({ length: kills + brokerKills }, (_, i) =>
    i < kills ? 'daemon' : 'broker',
  )
  const goals = victims.map((victim) => ({ at: random.below(total * 0.95), victim }) as const)
  return goals.sort((a, b) => a.at - b.at)
}

async function restarted(broker: Server, random: Random): Promise<void> {
  await broker.kill()
  await delay(random.below(1_000))
  await broker.start()
}

/** Others in the group: each takes its share of the partitions for a while and says nothing of them.
 *  They stay shorter than what is told as a fault, and away from a broker that dies, since their
 *  client would not leave in time. */
class Guests {
  readonly #client: Kafka
  readonly #topic: Topic
  readonly #random: Random
  readonly #stopping = new AbortController()
  #turn: Promise<unknown> = Promise.resolve()
  visits = 0

  constructor(address: string, topic: Topic, random: Random) {
    this.#client = testClient(address)
    this.#topic = topic
    this.#random = random
  }

  stop(): void {
    this.#stopping.abort()
  }

  async run(): Promise<void> {
    await this.#pause(500)
    while (!this.#stopping.signal.aborted) {
      await this.#next(() => this.#visit())
      await this.#pause(4_000 + this.#random.below(2_000))
    }
  }

  /** Does something while no guest is there. */
  without(act: () => Promise<void>): Promise<void> {
    return this.#next(act)
  }

  async #visit(): Promise<void> {
    const { group: groupId, name } = this.#topic
    const retry = { retries: 2, restartOnFailure: async () => false }
    const consumer = this.#client.consumer({ groupId, sessionTimeout: 6_000, retry })
    consumer.on('consumer.group_join', () => void (this.visits += 1))
    try {
      await consumer.connect()
      await consumer.subscribe({ topics: [name], fromBeginning: true })
      await consumer.run({ autoCommit: false, eachBatch: async () => {} })
      await this.#pause(2_000)
    } finally {
      await consumer.disconnect()
    }
  }

  async #pause(ms: number): Promise<void> {
    await delay(ms, undefined, { signal: this.#stopping.signal }).catch(() => {})
  }

  #next(act: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(act)
    this.#turn = done
    return done
  }
}

function configOf(broker: string, topic: Topic, members: number): string {
  return `
sources:
  - kafka:
      brokers: ['${broker}']
      topics: [${topic.name}]
      group: ${topic.group}
      consumers: ${members}
      from: beginning
    service: web
    parser: json
lateness: ${lateness}
keep_firing_for: 1s
rules: [rule.yaml]
http: { port: 0 }
`
}

/** Writes all lines, the same number to each partition. What a dying broker has not answered could
 *  be there or not, so it dies between two batches. */
class Writing {
  readonly #topic: Topic
  #turn: Promise<unknown> = Promise.resolve()

  constructor(topic: Topic) {
    this.#topic = topic
  }

  async run(): Promise<void> {
    const fromMs = Date.now() - total / 10
    const batch = 2_000
    for (let from = 0; from < total; from += batch) {
      const messages = Array.from({ length: batch }, (_, i) => ({
        partition: i % partitions,
        value: line(from + i, fromMs),
      }))
      await this.#next(() => this.#topic.send(...messages))
    }
  }

  /** Does something while nothing is written. */
  without(act: () => Promise<void>): Promise<void> {
    return this.#next(act)
  }

  #next(act: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(act)
    this.#turn = done
    return done
  }
}

/** Resolves when at least so many lines are counted. */
async function counted(daemon: Daemon, least: number): Promise<void> {
  let last = 0
  const enough = async () => {
    const { sources } = await daemon.status()
    last = sources.reduce((sum, { lines }) => sum + lines, 0)
    return last >= least
  }
  await until(
    `${least} lines`,
    enough,
    180_000,
    () => `${last} so far\n${daemon.stderr.slice(-4_000)}`,
  )
}

async function resolved(daemon: Daemon): Promise<void> {
  const is = async () => {
    const response = await fetch(`${await daemon.up()}/api/v1/alerts`)
    const alerts = (await response.json()) as { state: string }[]
    return alerts.length > 0 && alerts.every(({ state }) => state === 'resolved')
  }
  await until('the alert to be resolved', is, resolvedWithinMs, () => daemon.stderr.slice(-4_000))
}

function expectExact(books: Books, topic: string, seed: string): void {
  const perPartition = [...books.partitions.values()]
    .map(({ partition, lines, events, late }) => [partition, lines, events, late])
    .sort()
  expect(perPartition, seed).toEqual(
    Array.from({ length: partitions }, (_, id) => [
      `${topic}/${id}`,
      total / partitions,
      total / partitions,
      0,
    ]),
  )
  // Of 100 lines outside the outage one is a failed payment and ten are missing pages.
  const [payments, missing, pages] = full ? [9_990, 99_900, 889_110] : [390, 3_900, 34_710]
  const plain = Object.entries(books.panes).filter(([key]) => !key.startsWith('signature '))
  expect(Object.fromEntries(plain), seed).toEqual({
    'requests ': total,
    'status 200': pages,
    'status 404': missing,
    'status 500': payments,
    'status 503': 1_000,
    'level info': pages + missing,
    'level error': payments,
    'level crit': 1_000,
  })
  expect(books.signatures, seed).toEqual({
    'page served': pages,
    'page not found': missing,
    'payment of order <num> failed': payments,
    'database is gone': 1_000,
  })
  expect(books.indexed, seed).toBe(payments + 1_000)
  expect(books.backlog).toBe(0)
  expect(books.integrity).toEqual(['ok', 'ok'])
  const lives = books.transitions.map(({ kind, alert }) => `${alert.rule} ${kind}`)
  expect(lives, seed).toEqual(['database-gone firing', 'database-gone resolved'])
  expect(books.transitions.every(({ dispatched }) => dispatched)).toBe(true)
}

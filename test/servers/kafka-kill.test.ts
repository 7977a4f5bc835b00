/** The proof that no message counts twice and none is left out, whenever the daemon is killed: the
 *  built program and a real broker. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { readBooks, type Books } from '../faults/books.ts'
import { Daemon, folder, until } from '../faults/daemon.ts'
import { seeded } from '../faults/random.ts'
import { addressOf } from './tests.ts'
import { Topic } from './topics.ts'

const total = 200_000
const partitions = 4
const kills = 5
/** All lines of this stretch say that the database is gone; they are the one alert. */
const outage = { from: 120_000, to: 121_000 } as const

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
  `counts ${total} messages over ${partitions} partitions exactly, killed ${kills} times`,
  { timeout: 240_000 },
  async (ctx) => {
    const broker = addressOf(ctx, 'kafka')
    const topic = await Topic.make(broker, partitions)
    const random = seeded()
    const dir = folder()
    const dataDir = join(dir, 'data')
    const config = join(dir, 'lastpush.yaml')
    writeFileSync(join(dir, 'rule.yaml'), rule)
    writeFileSync(config, configOf(broker, topic))
    const start = () => new Daemon({ dataDir, args: ['-c', config] })

    const writing = write(topic)
    let daemon = start()
    const goals = Array.from({ length: kills }, () => random.below(total)).sort((a, b) => a - b)
    for (const goal of goals) {
      await counted(daemon, goal)
      await delay(random.below(300))
      await daemon.kill()
      daemon = start()
    }
    await writing
    await counted(daemon, total)
    await resolved(daemon)
    expect(await daemon.stop(), daemon.stderr).toEqual({ code: 0, signal: null })
    expectExact(await readBooks(dataDir), topic.name, `LASTPUSH_FAULTS_SEED=${random.seed}`)
  },
)

function configOf(broker: string, topic: Topic): string {
  return `
sources:
  - kafka: { brokers: ['${broker}'], topics: [${topic.name}], consumers: 2, from: beginning }
    service: web
    parser: json
lateness: 1s
keep_firing_for: 1s
rules: [rule.yaml]
http: { port: 0 }
`
}

/** Writes all lines, the same number to each partition. */
async function write(topic: Topic): Promise<void> {
  const fromMs = Date.now() - total / 10
  const batch = 2_000
  for (let from = 0; from < total; from += batch) {
    const messages = Array.from({ length: batch }, (_, i) => ({
      partition: i % partitions,
      value: line(from + i, fromMs),
    }))
    await topic.send(...messages)
  }
}

/** Resolves when at least so many lines are counted. */
async function counted(daemon: Daemon, least: number): Promise<void> {
  const enough = async () => {
    const { sources } = await daemon.status()
    return sources.reduce((sum, { lines }) => sum + lines, 0) >= least
  }
  await until(`${least} lines`, enough, 60_000, () => daemon.stderr)
}

async function resolved(daemon: Daemon): Promise<void> {
  const is = async () => {
    const response = await fetch(`${await daemon.up()}/api/v1/alerts`)
    const alerts = (await response.json()) as { state: string }[]
    return alerts.length > 0 && alerts.every(({ state }) => state === 'resolved')
  }
  await until('the alert to be resolved', is, 30_000, () => daemon.stderr)
}

function expectExact(books: Books, topic: string, seed: string): void {
  const perPartition = [...books.partitions.values()]
    .map(({ partition, lines, events, late }) => [partition, lines, events, late])
    .sort()
  expect(perPartition, seed).toEqual(
    [0, 1, 2, 3].map((id) => [`${topic}/${id}`, 50_000, 50_000, 0]),
  )
  const plain = Object.entries(books.panes).filter(([key]) => !key.startsWith('signature '))
  expect(Object.fromEntries(plain), seed).toEqual({
    'requests ': 200_000,
    'status 200': 177_110,
    'status 404': 19_900,
    'status 500': 1_990,
    'status 503': 1_000,
    'level info': 197_010,
    'level error': 1_990,
    'level crit': 1_000,
  })
  expect(books.signatures, seed).toEqual({
    'page served': 177_110,
    'page not found': 19_900,
    'payment of order <num> failed': 1_990,
    'database is gone': 1_000,
  })
  expect(books.indexed, seed).toBe(2_990)
  expect(books.backlog).toBe(0)
  expect(books.integrity).toEqual(['ok', 'ok'])
  const lives = books.transitions.map(({ kind, alert }) => `${alert.rule} ${kind}`)
  expect(lives, seed).toEqual(['database-gone firing', 'database-gone resolved'])
  expect(books.transitions.every(({ dispatched }) => dispatched)).toBe(true)
}

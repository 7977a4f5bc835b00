/** `npm run servers`: a Kafka and an Elasticsearch to play with, and a producer that writes what a
 *  small shop would, until it is interrupted. Nothing of it stays. Their ports are the usual ones,
 *  or those of the arguments: `npm run servers -- 19092 19200`. */
import kafkajs, { type Producer } from 'kafkajs'
import { setTimeout as delay } from 'node:timers/promises'
import { lacking } from './jars.ts'
import { isListening } from './ports.ts'
import { startServer, type Server } from './start.ts'

const [kafkaPort, elasticsearchPort] = process.argv.slice(2).map(Number)
const ports = { kafka: kafkaPort ?? 9_092, elasticsearch: elasticsearchPort ?? 9_200 }
const topics = { access: 'web-access', errors: 'php-errors' } as const
const everyMs = 200

const config = (kafka: string, elasticsearch: string) => `
sources:
  - { kafka: { brokers: ['${kafka}'], topics: [${topics.access}] }, service: web, parser: apache_combined }
  - { kafka: { brokers: ['${kafka}'], topics: [${topics.errors}] }, service: web, parser: php_error }
store:
  elasticsearch: { node: '${elasticsearch}' }`

async function main(): Promise<void> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  const servers: Server[] = []
  try {
    for (const kind of ['kafka', 'elasticsearch'] as const) {
      const reason = lacking(kind) ?? (await taken(ports[kind]))
      if (reason !== null) return fail(`${kind}: ${reason}`)
      if (stop.signal.aborted) return
      console.log(`starting ${kind} (the first time its jars are downloaded) ...`)
      servers.push(await startServer(kind, ports[kind]))
    }
    const [kafka = '', elasticsearch = ''] = servers.map(({ address }) => address)
    console.log(next(kafka, elasticsearch))
    await produce(kafka, stop.signal)
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
  console.log('both servers have ended; nothing of them is left')
}

/** What can be done now. */
function next(kafka: string, elasticsearch: string): string {
  return `
Kafka          ${kafka}
Elasticsearch  ${elasticsearch}

A sample producer writes to the topics ${Object.values(topics).join(' and ')}.

Next, in another terminal:

  npm start -- --kafka${ports.kafka === 9_092 ? '' : ` ${kafka}`}
  lastpush run -c lastpush.yaml

with this as lastpush.yaml:
${config(kafka, elasticsearch).replaceAll(/^(?=.)/gm, '  ')}

Ctrl-C ends everything.`
}

async function taken(port: number): Promise<string | null> {
  const isTaken = await isListening(port)
  return isTaken
    ? `something listens on 127.0.0.1:${port} already; other ports: npm run servers -- 19092 19200`
    : null
}

function fail(message: string): void {
  console.error(message)
  process.exitCode = 1
}

async function produce(address: string, signal: AbortSignal): Promise<void> {
  const level = kafkajs.logLevel.ERROR
  const client = new kafkajs.Kafka({ brokers: [address], clientId: 'sample', logLevel: level })
  const admin = client.admin()
  await admin.connect()
  await admin.createTopics({ topics: Object.values(topics).map((topic) => ({ topic })) })
  await admin.disconnect()
  const createPartitioner = kafkajs.Partitioners.DefaultPartitioner
  const producer = client.producer({ createPartitioner })
  await producer.connect()
  for (let n = 0; !signal.aborted; n++) {
    await sell(producer, n)
    await delay(everyMs, undefined, { signal }).catch(() => {})
  }
  await producer.disconnect()
}

const paths = ['/', '/cart', '/checkout', '/login', '/search']

/** One request, and now and then an error. */
async function sell(producer: Producer, n: number): Promise<void> {
  const [, day, month, year, time] = new Date().toUTCString().split(/[ ,]+/)
  const path = paths[n % paths.length]
  const failed = n % 17 === 0
  const headers = { host: `web-${n % 2}` }
  const request = `10.0.0.${n % 250} - - [${day}/${month}/${year}:${time} +0000] "GET ${path} HTTP/1.1"`
  const access = `${request} ${failed ? 500 : 200} ${500 + (n % 99)} "-" "curl/8.5.0"`
  await producer.send({ topic: topics.access, messages: [{ value: access, headers }] })
  if (!failed) return
  const error = `[${day}-${month}-${year} ${time} UTC] PHP Warning:  Undefined array key "n" in /srv${path}.php on line ${n}`
  await producer.send({ topic: topics.errors, messages: [{ value: error, headers }] })
}

await main()

/** Kafka 3.9 as one node that is broker and controller. Topics are never made by asking for them,
 *  so that a test of an unknown topic has one; the rest is made small for quick starts. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { secureFile, user, type Secure } from './secure.ts'
import { freePort } from '../ports.ts'
import type { Place, Recipe } from '../recipe.ts'

const folder = import.meta.dirname
const clusterId = 'bGFzdHB1c2gtdGVzdHMxMg'
/** A small heap, and a quick start rather than a fast run. */
const jvm = ['-Xmx512m', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto']

export const kafka: Recipe = {
  kind: 'kafka',
  version: '3.9.1',
  folder,
  variable: 'LASTPUSH_TEST_KAFKA',
  form: 'host:port',
  prepare,
  command: ({ lib, state }) => [
    ...jvm,
    '-cp',
    join(lib, '*'),
    join(folder, 'KafkaNode.java'),
    join(state, 'server.properties'),
  ],
  up: 'Kafka Server started',
  address: (port) => `127.0.0.1:${port}`,
}

async function prepare({ lib, state, port }: Place): Promise<void> {
  const file = join(state, 'server.properties')
  const [controller, secure] = [await freePort(), await freePort()]
  await writeFile(file, properties(state, { port, controller, secure }))
  const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${user.name},password=${user.password}]`,
  ])
  const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', file, ...scram]
  const ca = join(state, 'ca.pem')
  await Promise.all([
    run('java', [...jvm, '-cp', join(lib, '*'), ...format]),
    makeCertificate(state, ca),
  ])
  const facts: Secure = { address: `127.0.0.1:${secure}`, ca }
  await writeFile(join(state, secureFile), JSON.stringify(facts))
}

const run = promisify(execFile)

/** A certificate that signs itself, for the broker, and a copy of it for clients. */
async function makeCertificate(state: string, ca: string): Promise<void> {
  const store = ['-keystore', join(state, 'broker.p12'), '-storepass', storePassword]
  const made = [
    '-keyalg',
    'EC',
    '-dname',
    'CN=broker',
    '-ext',
    'san=ip:127.0.0.1',
    '-validity',
    '2',
  ]
  await run('keytool', ['-genkeypair', '-alias', 'broker', ...made, ...store])
  await run('keytool', ['-exportcert', '-rfc', '-alias', 'broker', '-file', ca, ...store])
}

const storePassword = 'store-of-tests'
const plainModule = 'org.apache.kafka.common.security.plain.PlainLoginModule'
const scramModule = 'org.apache.kafka.common.security.scram.ScramLoginModule'

interface Ports {
  readonly port: number
  readonly controller: number
  readonly secure: number
}

function properties(state: string, { port, controller, secure }: Ports): string {
  return `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=PLAINTEXT://127.0.0.1:${port},SECURE://127.0.0.1:${secure},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${port},SECURE://127.0.0.1:${secure}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL
listener.name.secure.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.secure.plain.sasl.jaas.config=${plainModule} required user_${user.name}="${user.password}";
listener.name.secure.scram-sha-256.sasl.jaas.config=${scramModule} required;
listener.name.secure.scram-sha-512.sasl.jaas.config=${scramModule} required;
listener.name.secure.ssl.keystore.location=${join(state, 'broker.p12')}
listener.name.secure.ssl.keystore.password=${storePassword}
listener.name.secure.ssl.keystore.type=PKCS12
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs=${join(state, 'data')}
num.partitions=4
auto.create.topics.enable=false
message.max.bytes=33554432
broker.session.timeout.ms=1500
broker.heartbeat.interval.ms=300
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
log.cleaner.dedupe.buffer.size=16777216
`
}

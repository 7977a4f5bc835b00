/** Kafka 3.9 as one node that is broker and controller. Topics are never made by asking for them,
 *  so that a test of an unknown topic has one; the rest is made small for quick starts. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
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
  await writeFile(file, properties(state, port, await freePort()))
  const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', file]
  await promisify(execFile)('java', [...jvm, '-cp', join(lib, '*'), ...format])
}

function properties(state: string, port: number, controllerPort: number): string {
  return `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
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

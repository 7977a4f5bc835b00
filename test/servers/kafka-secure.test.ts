/** TLS and passwords against a real broker: what is let in, what is told when it is not, and that no
 *  secret is told at all. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, type TestContext } from 'vitest'
import { kafkaTiming } from '../../src/sources/kafka/consumer.ts'
import { kafkaOptions } from '../../src/sources/kafka/options.ts'
import { kafkaSource } from '../../src/sources/kafka.ts'
import { SourceRecorder, until } from '../contract/source.ts'
import { command, Daemon, folder } from '../faults/daemon.ts'
import { secureOf, user } from './kafka/secure.ts'
import { addressOf, stateOf } from './tests.ts'
import { Topic } from './topics.ts'

const timing = { ...kafkaTiming, lookMs: 300 }

/** A topic, how to reach the broker by its secure listener, and files for passwords. */
async function scene(ctx: TestContext) {
  const topic = await Topic.make(addressOf(ctx, 'kafka'))
  const { address, ca } = secureOf(stateOf(ctx, 'kafka'))
  const dir = mkdtempSync(join(tmpdir(), 'lastpush-secret-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const password_file = join(dir, 'password')
  writeFileSync(password_file, `${user.password}\n`)
  return { topic, address, ca, password_file }
}

function sourceOf(topic: Topic, options: object) {
  const given = { topics: [topic.name], group: topic.group, from: 'beginning', ...options }
  return kafkaSource('queue', kafkaOptions.parse(given), timing)
}

describe('a broker that asks for TLS and a password', () => {
  test.for(['plain', 'scram-sha-256', 'scram-sha-512'])(
    'is read with %s',
    async (mechanism, ctx) => {
      const { topic, address, ca, password_file } = await scene(ctx)
      await topic.send('one', 'two')
      const sasl = { mechanism, username: user.name, password_file }
      const options = { brokers: [address], tls: { ca_file: ca }, sasl }
      const recorder = new SourceRecorder().start(sourceOf(topic, options))
      await recorder.expectLines(['one', 'two'])
    },
  )

  test('that nobody vouches for is not believed', async (ctx) => {
    const { topic, address, password_file } = await scene(ctx)
    const sasl = { mechanism: 'plain', username: user.name, password_file }
    const recorder = new SourceRecorder()
    recorder.start(sourceOf(topic, { brokers: [address], tls: true, sasl }))
    await until(() => recorder.faults.has('queue'))
    expect(recorder.faults.get('queue')).toMatch(/Connection error: self-signed certificate$/)
  })

  test('is asked again with a password that was renewed in its file', async (ctx) => {
    const { topic, address, ca, password_file } = await scene(ctx)
    await topic.send('one')
    writeFileSync(password_file, 'yesterday')
    const sasl = { mechanism: 'scram-sha-512', username: user.name, password_file }
    const options = { brokers: [address], tls: { ca_file: ca }, sasl }
    const recorder = new SourceRecorder().start(sourceOf(topic, options))
    await until(() => recorder.faults.has('queue'))
    expect(recorder.faults.get('queue')).toContain('SASL SCRAM SHA512 authentication failed')
    writeFileSync(password_file, user.password)
    await recorder.expectLines(['one'], 20_000)
  })
})

test(
  'no secret is in the log, in status, in the API or in a fault',
  { timeout: 60_000 },
  async (ctx) => {
    const { topic, address, ca, password_file } = await scene(ctx)
    await topic.send(JSON.stringify({ message: 'hello' }))
    const wrong = `${password_file}-wrong`
    writeFileSync(wrong, 'hunter3-wrong')
    const dir = folder()
    const config = join(dir, 'lastpush.yaml')
    const source = (name: string, named: string, group: string, file: string) =>
      `  - name: ${name}
    kafka:
      brokers: ['${address}']
      topics: ['${named}']
      group: ${group}
      from: beginning
      tls: { ca_file: ${ca} }
      sasl: { mechanism: plain, username: ${user.name}, password_file: ${file} }`
    const sources = [
      source('good', topic.name, topic.group, password_file),
      source('bad', 'elsewhere', 'elsewhere', wrong),
      source('none', 'nowhere', 'nowhere', join(dir, 'missing')),
    ]
    writeFileSync(config, `sources:\n${sources.join('\n')}\nhttp: { port: 0 }\n`)
    const dataDir = join(dir, 'data')
    const daemon = await new Daemon({ dataDir, args: ['-c', config] }).ready()
    await daemon.lines(`${topic.name}/0`, 1)
    const all = await daemon.sources('the faults', (each) => each.filter(({ fault }) => fault !== null).length === 2) // prettier-ignore
    const faults = new Map(all.map(({ partition, fault }) => [partition, fault]))
    expect(faults.get('bad')).toMatch(/SASL PLAIN authentication failed/)
    expect(faults.get('none')).toMatch(/missing cannot be read: ENOENT$/)
    const origin = await daemon.up()
    const pages = ['status', 'alerts', 'rules', 'deploys'].map((page) => `/api/v1/${page}`)
    const answers = await Promise.all([...pages, '/metrics', '/-/healthy'].map(async (page) => (await fetch(origin + page)).text())) // prettier-ignore
    const printed = [command(['status', '--data', dataDir]), command(['check', config])]
    expect(await daemon.stop()).toEqual({ code: 0, signal: null })
    const told = [daemon.stderr, daemon.stdout, ...answers, ...printed.map((each) => each.stdout + each.stderr)].join('\n') // prettier-ignore
    expect(told).toContain('SASL PLAIN authentication failed')
    for (const secret of [user.password, 'hunter3-wrong']) {
      expect(told).not.toContain(secret)
      expect(told).not.toContain(Buffer.from(secret).toString('base64'))
    }
  },
)

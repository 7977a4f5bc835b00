/** Kafka as it should not be, under a daemon that also follows a file: each fault is told in the
 *  log, in `status` and in a metric; the file's alert fires all the same; what can be mended is read
 *  once it is. */
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { command, Daemon, folder, until } from '../faults/daemon.ts'
import { startHook } from '../faults/hook.ts'
import { freePort } from './ports.ts'
import { addressOf } from './tests.ts'
import { Topic } from './topics.ts'

const rule = 'name: burst\ntype: frequency\nquery: level:error\nnum_events: 20\ntimeframe: 10s\n'

const event = (message: string, level = 'info') =>
  JSON.stringify({ time: new Date().toISOString(), level, message })

test('unknown topics, wrong addresses, lost offsets, null and huge messages disturb nothing else', async (ctx) => {
  const broker = addressOf(ctx, 'kafka')
  const nobody = `127.0.0.1:${await freePort()}`
  const [good, cut, remade, missing] = await Promise.all(
    [1, 1, 1, 0].map((partitions) => Topic.make(broker, partitions)),
  ) as [Topic, Topic, Topic, Topic] // prettier-ignore
  const hook = await startHook()
  const dir = folder()
  const log = join(dir, 'app.log')
  const config = join(dir, 'lastpush.yaml')
  const dataDir = join(dir, 'data')
  writeFileSync(log, '')
  writeFileSync(join(dir, 'rule.yaml'), rule)
  const source = (name: string, address: string, topic: Topic) =>
    `- { name: ${name}, kafka: { brokers: ['${address}'], topics: [${topic.name}], group: ${topic.group}, from: beginning }, service: web, parser: json }`
  writeFileSync(
    config,
    `
sources:
  - { name: app, file: ${log}, service: web, parser: json }
  ${source('good', broker, good)}
  ${source('cut', broker, cut)}
  ${source('remade', broker, remade)}
  ${source('missing', broker, missing)}
  - { name: nobody, kafka: { brokers: ['${nobody}'], topics: [elsewhere] }, service: web }
lateness: 2s
rules: [rule.yaml]
receivers: { hook: { webhook: { url: '${hook.url}' } } }
route: { receiver: hook, group_wait: 0s }
http: { port: 0 }
`,
  )
  const start = () => new Daemon({ dataDir, args: ['-c', config] })

  await cut.send(event('one'), event('two'))
  await remade.send(event('one'), event('two'))
  const first = await start().ready()
  await first.lines(`${cut.name}/0`, 2)
  await first.lines(`${remade.name}/0`, 2)
  expect(await first.stop()).toEqual({ code: 0, signal: null })
  // Retention passes the offset that was committed; the other topic is made again.
  await cut.send(...['three', 'four', 'five'].map((message) => event(message)))
  await cut.deleteBefore(4)
  await remade.delete()
  await remade.create()
  await remade.send(event('of the new topic'))

  const daemon = await start().ready()
  const huge = event('x'.repeat(10_000_000))
  await good.send({ key: 'gone', value: null }, { value: huge }, event('after the huge one'))
  await daemon.lines(`${good.name}/0`, 2)
  await daemon.lines(`${cut.name}/0`, 3)
  await daemon.lines(`${remade.name}/0`, 3)
  const all = await daemon.sources('the faults', (sources) => {
    return sources.filter(({ fault }) => fault !== null).length === 3
  })
  const faults = new Map(all.map(({ partition, fault }) => [partition, fault]))
  const lost = '2 messages were deleted before they were read'
  const unreachable = `cannot reach the brokers ${nobody}: Connection error: connect ECONNREFUSED ${nobody}`
  expect(faults.get(missing.name)).toBe('the topic does not exist')
  expect(faults.get('nobody')).toBe(unreachable)
  expect(faults.get(`${cut.name}/0`)).toBe(lost)

  const printed = command(['status', '--data', dataDir]).stdout
  for (const sentence of ['the topic does not exist', unreachable, lost]) {
    expect(printed).toContain(`fault: ${sentence}`)
    expect(warnings(daemon, sentence)).toHaveLength(1)
  }
  const again = 'the topic was made again; reading it from its beginning'
  expect(warnings(daemon, again)).toMatchObject([{ source: 'remade', offset: 2 }])
  expect(await daemon.metric('lastpush_fault')).toBe(3)
  expect(await daemon.metric('lastpush_fault', `place="${missing.name}"`)).toBe(1)
  expect(await daemon.metric('lastpush_kafka_lost_messages_total', 'source="cut"')).toBe(2)
  expect(await daemon.metric('lastpush_kafka_tombstones_total', 'source="good"')).toBe(1)
  expect(await daemon.metric('lastpush_cut_total', 'source="good"')).toBe(1)

  // All the while the file is read, and its alert fires at once.
  const errors = Array.from({ length: 20 }, (_, n) => `${event(`boom ${n}`, 'error')}\n`)
  appendFileSync(log, errors.join(''))
  await until('the page', () => hook.deliveries.length === 1, 10_000)
  expect(JSON.parse(hook.deliveries[0]?.body ?? '')).toMatchObject({
    status: 'firing',
    alerts: [{ labels: { alertname: 'burst' } }],
  })

  await missing.create()
  await missing.send(event('at last'))
  await daemon.lines(`${missing.name}/0`, 1)
  expect(await daemon.metric('lastpush_fault', `place="${missing.name}"`)).toBe(0)
  expect(warnings(daemon, 'over: the topic does not exist')).toHaveLength(1)
})

/** Log lines with exactly this message. */
function warnings(daemon: Daemon, message: string): unknown[] {
  return daemon.stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { msg: string })
    .filter(({ msg }) => msg === message)
}

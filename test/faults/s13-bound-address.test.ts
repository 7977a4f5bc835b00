/** S13: without a token nobody but this machine may reach the API. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { command, folder } from './daemon.ts'
import { quietDaemon } from './raw-http.ts'

const listening = '0A'
const loopback = '0100007F'

/** Local addresses, in the kernel's hex, on which this port is listened to. */
function listeners(port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    readFileSync(table, 'utf8')
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => state === listening && local?.endsWith(`:${hex}`) === true)
      .map(([, local]) => local?.split(':')[0] ?? ''),
  )
}

test('S13: the daemon listens on 127.0.0.1 and nowhere else', async (context) => {
  context.skip(process.platform !== 'linux', 'needs /proc/net/tcp')
  const { port } = await quietDaemon()
  expect(listeners(port)).toEqual([loopback])
})

test('S13: localhost means 127.0.0.1', async (context) => {
  context.skip(process.platform !== 'linux', 'needs /proc/net/tcp')
  const { port } = await quietDaemon(['--host', 'localhost'])
  expect(listeners(port)).toEqual([loopback])
})

const needsToken =
  'is not a loopback address, and without a token whoever reaches it may read every log line:' +
  ' set http.token_file (or http.token_env), or listen on 127.0.0.1 and use an SSH tunnel to reach' +
  ' it from elsewhere'
const noAddress =
  'is no IP address: name one, such as 127.0.0.1, or 0.0.0.0 with http.token_file set'

test.each([
  ['0.0.0.0', needsToken],
  ['::', needsToken],
  ['192.0.2.1', needsToken],
  ['127.0.0.1.example.com', noAddress],
])('S13: a bind to %j is refused with what to do instead', (host, why) => {
  const dir = folder()
  const log = join(dir, 'access.log')
  writeFileSync(log, '')
  const told = command(['run', log, '--data', join(dir, 'data'), '--host', host, '--port', '0'])
  expect(told.stderr).toContain(`lastpush: ${JSON.stringify(host)} ${why} [BIND_REFUSED]\n`)
  expect(told.code).toBe(2)
})

test('S13: a configuration cannot widen it either', () => {
  const dir = folder()
  const log = join(dir, 'access.log')
  const config = join(dir, 'lastpush.yaml')
  writeFileSync(log, '')
  writeFileSync(config, 'http: { host: 0.0.0.0, port: 0 }\n')
  const told = command(['run', log, '-c', config, '--data', join(dir, 'data')])
  expect(told.stderr).toContain('[BIND_REFUSED]')
  expect(told.code).toBe(2)
})

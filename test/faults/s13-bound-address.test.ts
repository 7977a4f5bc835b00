/** S13: the API has no password, so nobody but this machine may reach it. */
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

test.each(['0.0.0.0', '::', '192.0.2.1', '127.0.0.1.example.com'])(
  'S13: a bind to %j is refused with what to do instead',
  (host) => {
    const dir = folder()
    const log = join(dir, 'access.log')
    writeFileSync(log, '')
    const told = command(['run', log, '--data', join(dir, 'data'), '--host', host, '--port', '0'])
    expect(told.stderr).toContain(
      `lastpush: ${JSON.stringify(host)} is not a loopback address: the server has no password, so it` +
        ' listens on 127.0.0.1, ::1 or localhost only; use an SSH tunnel to reach it from elsewhere' +
        ' [BIND_REFUSED]\n',
    )
    expect(told.code).toBe(2)
  },
)

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

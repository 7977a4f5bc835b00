/** S08: DNS rebinding. A page of another site that has made its name mean 127.0.0.1 sends that name
 *  as Host; nothing at all may answer it. */
import { expect, test } from 'vitest'
import { ask, quietDaemon } from './raw-http.ts'

const paths = [
  '/',
  '/api/v1/status',
  '/api/v1/stream',
  '/api/v1/deploys',
  '/metrics',
  '/-/healthy',
  '/-/ready',
  '/assets/none.js',
  '/nothing-here',
] as const

/** Host headers, with the port as P. */
const foreign: readonly (readonly [string, readonly string[]])[] = [
  ['another name', ['Host: evil.example:P']],
  ['another name without a port', ['Host: evil.example']],
  ['our address as part of a name', ['Host: 127.0.0.1.evil.example:P']],
  ['our name as part of a name', ['Host: localhost.evil.example:P']],
  ['our name at the end of a name', ['Host: evil-localhost:P']],
  ['our name below another', ['Host: evil.localhost:P']],
  ['a name with a final dot', ['Host: localhost.:P']],
  ['the address of every interface', ['Host: 0.0.0.0:P']],
  ['another loopback address', ['Host: 127.0.0.2:P']],
  ['our address as one number', ['Host: 2130706433:P']],
  ['our address in hex', ['Host: 0x7f000001:P']],
  ['our address in octal', ['Host: 0177.0.0.1:P']],
  ['our address cut short', ['Host: 127.1:P']],
  ['our address inside IPv6', ['Host: [::ffff:127.0.0.1]:P']],
  ['every IPv6 address', ['Host: [::]:P']],
  ['another port', ['Host: 127.0.0.1:1']],
  ['no port', ['Host: 127.0.0.1']],
  ['a name before an @', ['Host: 127.0.0.1:P@evil.example']],
  ['two names in one', ['Host: 127.0.0.1:P, evil.example']],
  ['nothing', ['Host:']],
  ['no Host', []],
  ['two, the right one first', ['Host: 127.0.0.1:P', 'Host: evil.example:P']],
  ['two, the right one last', ['Host: evil.example:P', 'Host: 127.0.0.1:P']],
  ['the right one twice', ['Host: 127.0.0.1:P', 'Host: 127.0.0.1:P']],
  ['a proxy header instead', ['Host: evil.example:P', 'X-Forwarded-Host: 127.0.0.1:P']],
]

test('S08: no path answers a request whose Host is not ours', async () => {
  const { port } = await quietDaemon()
  const asked = foreign.flatMap(([what, hosts]) => paths.map((path) => ({ what, hosts, path })))
  const answered: string[] = []
  for (const { what, hosts, path } of asked) {
    const lines = hosts.map((host) => host.replaceAll('P', String(port)))
    const { status, headers, body } = await ask(port, [`GET ${path} HTTP/1.1`, ...lines])
    const refused = status === 403 || status === 400 || status === 421
    // Node itself refuses a request without Host, and says nothing.
    const plain =
      hosts.length === 0 || headers.get('content-type') === 'application/json; charset=utf-8'
    const silent = !body.includes('"sources"') && !headers.has('access-control-allow-origin')
    if (!(refused && plain && silent)) answered.push(`${what}: ${path}: ${status} ${body}`)
  }
  expect(answered).toEqual([])
})

test('S08: our own names with our port are answered', async () => {
  const { port } = await quietDaemon()
  for (const name of ['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]']) {
    for (const path of ['/', '/api/v1/status', '/metrics', '/-/healthy', '/api/v1/stream']) {
      const { status } = await ask(port, [`GET ${path} HTTP/1.1`, `Host: ${name}:${port}`])
      expect([name, path, status]).toEqual([name, path, 200])
    }
  }
})

test('S08: a request whose target is a whole address is refused, whatever its Host', async () => {
  const { port } = await quietDaemon()
  const host = `Host: 127.0.0.1:${port}`
  for (const target of [`http://evil.example:${port}/api/v1/status`, `//evil.example/`, '*']) {
    const { status } = await ask(port, [`GET ${target} HTTP/1.1`, host])
    expect([target, status < 400]).toEqual([target, false])
  }
})

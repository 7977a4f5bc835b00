/** S14: with a token set, other users and machines get nothing from a real daemon, and people who
 *  have it work as before. */
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { command, Daemon, folder } from './daemon.ts'
import { ask } from './raw-http.ts'

const token = 'tok-4f1d8a2b9c7e6035'

/** A folder with a log, a token file and a configuration that binds every address. */
function prepared(mode = 0o600) {
  const dir = folder()
  const [log, file, config] = ['access.log', 'token', 'lastpush.yaml'].map((name) =>
    join(dir, name),
  ) as [string, string, string]
  writeFileSync(log, '')
  writeFileSync(file, `${token}\n`)
  chmodSync(file, mode)
  writeFileSync(config, 'http: { host: 0.0.0.0, port: 0, token_file: token }\n')
  const data = join(dir, 'data')
  return { dir, log, file, data, args: [log, '--rules', 'none', '-c', config] }
}

test('S14: a daemon bound to all addresses answers only to those who have its token', async () => {
  const { data, args, file } = prepared()
  const daemon = await new Daemon({ dataDir: data, args }).ready()
  const origin = new URL(await daemon.up())
  expect(origin.hostname).toBe('127.0.0.1')
  const port = Number(origin.port)
  const outer = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family }) => family === 'IPv4')
    .map(({ address }) => `http://${address}:${port}`)
  for (const base of outer) {
    for (const path of ['/', '/metrics', '/api/v1/status', '/api/v1/stream']) {
      const [without, wrong, right] = await Promise.all([
        fetch(base + path),
        fetch(base + path, { headers: { authorization: `Bearer ${token}x` } }),
        fetch(base + path, { headers: { authorization: `Bearer ${token}` } }),
      ])
      // Ten wrong ones are answered in any case; there may be more addresses than that.
      expect([base, path, without.status, wrong.status > 400, right.status]).toEqual(
        [base, path, 401, true, 200], // prettier-ignore
      )
      for (const answer of [without, wrong, right]) await answer.body?.cancel()
    }
    expect((await fetch(`${base}/-/ready`)).status).toBe(200)
  }
  const foreign = ['GET /metrics HTTP/1.1', `Host: evil.example:${port}`]
  expect((await ask(port, [...foreign, `Authorization: Bearer ${token}`])).status).toBe(421)

  const facts = readFileSync(join(data, 'daemon.json'), 'utf8')
  expect(JSON.parse(facts)).toMatchObject({ origin: `http://127.0.0.1:${port}`, tokenFile: file })
  expect(statSync(join(data, 'daemon.json')).mode & 0o777).toBe(0o600)
  await daemon.stop()
  for (const text of [daemon.stdout, daemon.stderr, facts]) expect(text).not.toContain(token)
})

test('S14: commands find the token themselves, or are told where it is, or fail in words', async () => {
  const { dir, data, args, log } = prepared()
  // On loopback it is asked for as well.
  const daemon = new Daemon({ dataDir: data, args: [...args, '--host', '127.0.0.1'] })
  const server = await (await daemon.ready()).up()
  const own = command(['status', '--data', data])
  expect([own.code, own.stdout]).toEqual([0, expect.stringContaining(`(${server})`)])

  const named = ['status', '--server', server]
  const refused = command(named)
  expect(refused.code).toBe(2)
  expect(refused.stderr).toBe(
    'lastpush: the daemon asks for its token: name the file by --token-file or' +
      ' $LASTPUSH_TOKEN_FILE [TOKEN_REQUIRED]\n',
  )
  const file = join(dir, 'token')
  expect(command([...named, '--token-file', file]).code).toBe(0)
  expect(command(named, [], { LASTPUSH_TOKEN_FILE: file }).code).toBe(0)
  expect(command(named, [], { LASTPUSH_TOKEN: token }).code).toBe(0)
  expect(command(named, [], { LASTPUSH_TOKEN: `${token}x` }).stderr).toContain('[TOKEN_REQUIRED]')
  const deploy = ['deploy', '--sha', '3b77d0c5ae', '--server', server]
  expect(command([...deploy, '--token-file', file]).stdout).toContain(`reported to ${server}`)
  expect(command(['since', '--server', server, '--token-file', file]).stdout).toContain('3b77d0c5ae') // prettier-ignore
  expect(command(['search', '*', '--server', server, '--token-file', file]).code).toBe(0)
  expect(command([...named, '--token-file', log]).stderr).toContain('[TOKEN_UNUSABLE]')
})

test('S14: a token that everybody may read, or none, keeps the daemon from starting', () => {
  const open = prepared(0o644)
  const told = command(['run', '--data', open.data, ...open.args])
  expect(told.stderr).toBe(
    `lastpush: ${open.file} can be read or written by everybody (mode 0644): chmod 600 it, or 640` +
      ' for a group [TOKEN_UNUSABLE]\n',
  )
  expect(told.code).toBe(2)
  const { args, data, dir } = prepared()
  const missing = ['run', '--data', data, ...args, '--token-file', join(dir, 'none')]
  expect(command(missing).stderr).toContain('none cannot be read: ENOENT [TOKEN_UNUSABLE]')
})

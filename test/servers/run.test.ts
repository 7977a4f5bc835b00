/** `npm run servers`: what it prints leads somewhere, and an interrupt leaves nothing. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { root } from '../../docs/generate.ts'
import { Daemon, folder, until } from '../faults/daemon.ts'
import { freePort, isListening } from './ports.ts'
import { addressOf } from './tests.ts'

test('starts both servers and a producer, says what to do next, and ends at an interrupt', async (ctx) => {
  addressOf(ctx, 'kafka')
  addressOf(ctx, 'elasticsearch')
  const ports = [await freePort(), await freePort()]
  const dir = folder()
  const temporary = join(dir, 'tmp')
  mkdirSync(temporary)
  const args = ['--import', 'tsx', 'test/servers/run.ts', ...ports.map(String)]
  const run = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, TMPDIR: temporary },
  })
  onTestFinished(() => void run.kill('SIGKILL'))
  let out = ''
  run.stdout.on('data', (bytes: Buffer) => (out += bytes.toString()))
  await until(
    'what to do next',
    () => out.includes('Ctrl-C ends everything'),
    90_000,
    () => out,
  )
  expect(out).toContain(`npm start -- --kafka 127.0.0.1:${ports[0]}`)

  const [, yaml = ''] = /as lastpush\.yaml:\n([^]*?)\n\nCtrl-C/.exec(out) ?? []
  const config = join(dir, 'lastpush.yaml')
  writeFileSync(config, `${yaml.replaceAll(/^ {2}/gm, '')}\nhttp: { port: 0 }\n`)
  const daemon = await new Daemon({ dataDir: join(dir, 'data'), args: ['-c', config] }).ready()
  await daemon.sources('lines of the producer', (sources) =>
    ['web-access', 'php-errors'].every((topic) =>
      sources.some(({ partition, events }) => partition.startsWith(topic) && events > 0),
    ),
  )
  await until('its errors in the index', async () => {
    const response = await fetch(`${await daemon.up()}/api/v1/events`)
    const { events } = (await response.json()) as { events?: unknown[] }
    return (events?.length ?? 0) > 0
  })
  await daemon.kill()

  run.kill('SIGINT')
  const [code] = (await once(run, 'close')) as [number | null]
  expect(code, out).toBe(0)
  expect(out).toContain('both servers have ended')
  expect(await Promise.all(ports.map(isListening))).toEqual([false, false])
  expect(readdirSync(temporary).filter((name) => name.startsWith('lastpush-'))).toEqual([])
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { Command } from 'commander'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { addReceivers } from '../../src/cli/receivers.ts'
import type { Io } from '../../src/cli/io.ts'
import { ManualClock } from '../../src/flow/time.ts'
import { HookServer } from '../receivers/hook-server.ts'
import { nowMs } from '../receivers/samples.ts'

let dir: string
let server: HookServer
let origin: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'receivers-'))
  server = new HookServer()
  origin = await server.start()
})
afterEach(async () => {
  await server.stop()
  await rm(dir, { recursive: true })
})

async function run(name: string, yaml: string): Promise<{ out: string; exitCode: number }> {
  const file = join(dir, 'lastpush.yaml')
  await writeFile(file, yaml)
  const out = new PassThrough()
  const io: Io = {
    out,
    err: new PassThrough(),
    input: new PassThrough(),
    env: {},
    clock: new ManualClock(nowMs),
    exitCode: 0,
  }
  const program = new Command('lastpush').exitOverride()
  addReceivers(program, io)
  await program.parseAsync(['node', 'lastpush', 'receivers', 'test', name, '-c', file])
  return { out: String(out.read()), exitCode: io.exitCode }
}

test('sends a page that says it is a test, and its end, and prints what came of it', async () => {
  const ran = await run('hook', `receivers:\n  hook: { webhook: { url: ${origin}/a } }\n`)
  expect(ran).toEqual({
    out: `hook (${origin}/a): test page delivered\nhook (${origin}/a): its end delivered\n`,
    exitCode: 0,
  })
  const bodies = server.requests.map(({ body }) => JSON.parse(body) as { status: string })
  expect(bodies.map(({ status }) => status)).toEqual(['firing', 'resolved'])
  expect(bodies[0]).toMatchObject({
    alerts: [
      {
        annotations: {
          summary:
            'FIRING lastpush: this is a test of the receiver hook; nothing is wrong, since an unknown push',
        },
      },
    ],
    groupLabels: { test: 'true' },
  })
})

test('says why a page was not taken and ends with status 1', async () => {
  server.answer = (response) => response.writeHead(403).end()
  const ran = await run('hook', `receivers:\n  hook: { webhook: { url: ${origin}/a } }\n`)
  expect(ran).toEqual({
    out: `hook (${origin}/a): test page not delivered: ${origin}/a answered 403; the daemon would not try again\n`,
    exitCode: 1,
  })
  expect(server.requests).toHaveLength(1)
})

test('knows the receivers of the configuration only', async () => {
  const ran = run('other', `receivers:\n  hook: { webhook: { url: ${origin}/a } }\n`)
  await expect(ran).rejects.toThrow('no receiver is named other; known are hook')
  expect(server.requests).toHaveLength(0)
})

/** Which push a question about "the last push" means, over a real store. */
import { beforeEach, expect, test } from 'vitest'
import { since } from '../../src/daemon/since.ts'
import type { SinceQuestion } from '../../src/server/view.ts'
import { openState, openStateReader } from '../../src/store/sqlite.ts'
import { commitOf, deployOf } from '../contract/store-samples.ts'
import { command } from '../command.ts'
import { temporaryDir } from '../store/directories.ts'

const noon = Date.UTC(2026, 10, 1, 12)
const at = (minutes: number) => new Date(noon + minutes * 60_000).toISOString()
let dir = ''

beforeEach(async () => {
  dir = await temporaryDir()
  const state = await openState(dir)
  const deploys = [
    deployOf({ id: 'd1', sha: 'aaaa111', service: 'web', start: at(0) }),
    deployOf({ id: 'd2', sha: 'bbbb222', service: 'web', start: at(60) }),
  ]
  await state.commit(commitOf({ deploys }))
  await state.close()
})

async function asked(question: SinceQuestion, minutes: number): Promise<string | null> {
  const reader = await openStateReader(dir)
  const nowMs = noon + minutes * 60_000
  try {
    const context = { reader, exposure: () => 'seconds' as const, nowMs, clockMs: nowMs, faults: new Map<string, string>() } // prettier-ignore
    return (await since(question, context)).deploy?.id ?? null
  } finally {
    await reader.close()
  }
}

test('a push that has not started hides no other, and can be asked for by name', async () => {
  expect(await asked({}, 59)).toBe('d1')
  expect(await asked({}, 60)).toBe('d2')
  expect(await asked({ deploy: 'bbbb222' }, 59)).toBe('d2')
  expect(await asked({}, -1)).toBe(null)
})

test('a push that nobody knows is a fault, on the command line with its status', async () => {
  await expect(asked({ deploy: 'cccc333' }, 90)).rejects.toMatchObject({ code: 'DEPLOY_UNKNOWN' })
  const ran = await command(['since', 'cccc333', '--data', dir])
  expect(ran.err).toBe('lastpush: no deploy "cccc333" is known: lastpush since names the newest [DEPLOY_UNKNOWN]\n') // prettier-ignore
  expect(ran.status).toBe(2)
})

test('a service without a push is named', async () => {
  const ran = await command(['since', '--service', 'nope', '--data', dir])
  expect(ran.out).toMatch(/^No deploy of service nope is known\. Report one: /)
  expect(ran.status).toBe(0)
})

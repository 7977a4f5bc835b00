import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { readSecret } from '../../src/flow/secret.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'secret-'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(dir, { recursive: true })
})

test('reads a file without the white space around the secret', async () => {
  const file = join(dir, 'key')
  await writeFile(file, ' s3cret \n')
  expect(await readSecret({ file })).toEqual({ ok: true, value: 's3cret' })
})

test('reads a variable of the environment', async () => {
  vi.stubEnv('LASTPUSH_TEST_SECRET', 's3cret')
  expect(await readSecret({ env: 'LASTPUSH_TEST_SECRET' })).toEqual({ ok: true, value: 's3cret' })
})

test('names the place and not the content of what is no secret', async () => {
  const file = join(dir, 'key')
  await writeFile(file, '\n')
  expect(await readSecret({ file })).toEqual({ ok: false, fault: `${file} is empty` })
  await writeFile(file, 'x'.repeat(65_537))
  expect(await readSecret({ file })).toEqual({
    ok: false,
    fault: `${file} is too long for a secret`,
  })
  expect(await readSecret({ file: dir })).toEqual({
    ok: false,
    fault: `${dir} cannot be read: EISDIR`,
  })
  expect(await readSecret({ env: 'LASTPUSH_TEST_NONE' })).toEqual({
    ok: false,
    fault: '$LASTPUSH_TEST_NONE is not set',
  })
})

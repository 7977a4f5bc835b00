import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { readToken } from '../../src/server/token.ts'

const token = 'tok-4f1d8a2b9c7e6035'
let dir: string
let file: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'lastpush-token-'))
  file = join(dir, 'token')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(dir, { recursive: true })
})

const messageOf = (given: { file?: string; env?: string }) =>
  readToken(given).then(
    () => 'taken',
    (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
  )

test.each([0o600, 0o400, 0o640, 0o440])('reads a file of mode %o', async (mode) => {
  await writeFile(file, `${token}\n`)
  await chmod(file, mode)
  expect(await readToken({ file })).toBe(token)
})

test('reads a variable of the environment', async () => {
  vi.stubEnv('LASTPUSH_TEST_TOKEN', token)
  expect(await readToken({ env: 'LASTPUSH_TEST_TOKEN' })).toBe(token)
})

test.each([
  [0o644, '0644'],
  [0o604, '0604'],
  [0o602, '0602'],
])('refuses a file of mode %o, also behind a link', async (mode, shown) => {
  await writeFile(file, token)
  await chmod(file, mode)
  const link = join(dir, 'link')
  await symlink(file, link)
  for (const path of [file, link]) {
    expect(await messageOf({ file: path })).toBe(
      `TOKEN_UNUSABLE: ${path} can be read or written by everybody (mode ${shown}):` +
        ' chmod 600 it, or 640 for a group',
    )
  }
})

test('names the place and not the content of what is no token', async () => {
  const kept = async (text: string) => {
    await writeFile(file, text, { mode: 0o600 })
    return messageOf({ file })
  }
  expect(await kept('fifteen-letters')).toBe(
    `TOKEN_UNUSABLE: ${file} holds 15 characters, and a token needs 16 at least:` +
      ' make one with "openssl rand -hex 32"',
  )
  expect(await kept('sixteen--letters')).toBe('taken')
  expect(await kept(`${token}\n${token}\n`)).toBe(
    `TOKEN_UNUSABLE: ${file} must hold one line of ASCII characters without spaces`,
  )
  expect(await kept(`${token}ü`)).toContain('must hold one line')
  expect(await kept('x'.repeat(4_097))).toContain('more than 4096 characters')
  expect(await kept('')).toBe(`TOKEN_UNUSABLE: ${file} is empty`)
  expect(await messageOf({ file: join(dir, 'none') })).toContain('cannot be read: ENOENT')
  expect(await messageOf({ env: 'LASTPUSH_TEST_NONE' })).toContain('$LASTPUSH_TEST_NONE is not set')
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parseDeploys, readDeployFile } from '../../src/deploys/deploy-file.ts'

const env = { env: 'production' }
const line = (sha: string) =>
  `2026-11-23 14:02:11|PROD|alice|web production deploy: old 8fe1c02a91, new: ${sha}|web|\n`

describe('parseDeploys', () => {
  test('reads Deployinator lines and gives the place of each bad one', () => {
    const read = parseDeploys(`${line('aaaaaaa1')}nonsense\r\n\n${line('bbbbbbb2')}`, 'd.log', env)
    expect(read.deploys.map(({ sha }) => sha)).toEqual(['aaaaaaa1', 'bbbbbbb2'])
    expect(read.faults).toEqual([
      { place: { file: 'd.log', line: 2 }, message: 'has 1 of at least 5 fields separated by |' },
    ])
  })

  test('reads NDJSON when the first byte is a brace, the last line without newline too', () => {
    const text =
      '{"sha":"aaaaaaa1","start":1000}\nnonsense\n{"sha":"b"}\n{"sha":"bbbbbbb2","start":2000}'
    const read = parseDeploys(text, 'd.ndjson', { env: 'qa' })
    expect(read.deploys.map(({ sha, env, start }) => [sha, env, start])).toEqual([
      ['aaaaaaa1', 'qa', '1970-01-01T00:16:40.000Z'],
      ['bbbbbbb2', 'qa', '1970-01-01T00:33:20.000Z'],
    ])
    expect(read.faults.map(({ place, message }) => [place.line, message.slice(0, 18)])).toEqual([
      [2, 'is no JSON object'],
      [3, 'deploy report: sha'],
    ])
  })

  test('keeps a hundred faults and counts the others', () => {
    const read = parseDeploys('x\n'.repeat(150), 'd.log', env)
    expect([read.faults.length, read.faulty]).toEqual([100, 150])
  })
})

describe('readDeployFile', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lastpush-deploys-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })

  test('reads a file', () => {
    writeFileSync(join(folder, 'd.log'), line('aaaaaaa1'))
    expect(readDeployFile(join(folder, 'd.log'), env).deploys).toHaveLength(1)
  })

  test.each(['missing.log', '.'])('names %j when it cannot be read', (name) => {
    expect(() => readDeployFile(join(folder, name), env)).toThrow(
      expect.objectContaining({
        code: 'SOURCE_UNREADABLE',
        message: expect.stringContaining(join(folder, name)) as string,
      }),
    )
  })
})

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expandGlob, isGlob, matchesGlob } from '../../src/sources/glob.ts'

describe('matchesGlob', () => {
  test.each([
    ['/var/log/*.log', '/var/log/a.log', true],
    ['/var/log/*.log', '/var/log/a.log.1', false],
    ['/var/log/*.log', '/var/log/x/a.log', false],
    ['/var/log/*', '/var/log/.hidden', false],
    ['/var/log/.*', '/var/log/.hidden', true],
    ['/var/log/a?c', '/var/log/abc', true],
    ['/var/log/a?c', '/var/log/ac', false],
    ['/var/log/[a-c]x', '/var/log/bx', true],
    ['/var/log/[!a-c]x', '/var/log/bx', false],
    ['/var/log/[]]x', '/var/log/]x', true],
    ['/var/log/{web,api}/*.log', '/var/log/api/e.log', true],
    ['/var/log/{web,api}/*.log', '/var/log/db/e.log', false],
    ['/var/**/e.log', '/var/e.log', true],
    ['/var/**/e.log', '/var/a/b/e.log', true],
    ['/var/**/e.log', '/var/.git/e.log', false],
    ['/var/**', '/var/a/b', true],
    ['/var/log/*a*b*c*', '/var/log/xxaxxbxxcxx', true],
    ['/var/log/*a*b*c*', '/var/log/xxaxxcxxbxx', false],
    ['/plain/path', '/plain/path', true],
    ['/plain/path', '/plain/other', false],
    ['/var/log/[x].log', '/var/log/[x].log', true],
  ])('%s and %s: %s', (pattern, path, expected) => {
    expect(matchesGlob(pattern, path)).toBe(expected)
  })

  test('takes time linear in the name for many stars', () => {
    const pattern = `/${'a*'.repeat(60)}b`
    expect(matchesGlob(pattern, `/${'a'.repeat(2_000)}`)).toBe(false)
  })

  test('knows which texts stand for more than themselves', () => {
    expect(['/a/b.log', '/a/*.log', '/a/{b}', '/a/[b]'].map(isGlob)).toEqual([
      false,
      true,
      true,
      true,
    ])
  })
})

describe('expandGlob', () => {
  let dir = ''
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'lastpush-glob-'))
    mkdirSync(join(dir, 'a/b'), { recursive: true })
    for (const name of ['b.log', 'a.log', '[x].log', 'a/c.log', 'a/b/d.log', '.h.log', 'x.log']) {
      writeFileSync(join(dir, name), '')
    }
    symlinkSync(dir, join(dir, 'a/loop'))
  })
  afterAll(() => rmSync(dir, { recursive: true }))

  test.each([
    ['?.log', ['a.log', 'b.log', 'x.log']],
    ['{b,a,a}.log', ['a.log', 'b.log']],
    ['a/*.log', ['a/c.log']],
    ['*/*/d.log', ['a/b/d.log']],
    ['**/[cd].log', ['a/b/d.log', 'a/c.log']],
    ['[x].log', ['[x].log']],
    ['[xy].log', ['x.log']],
    ['a.log', ['a.log']],
    ['none.log', []],
    ['none/*.log', []],
    ['a.log/*.log', []],
  ])('%s', async (pattern, names) => {
    expect(await expandGlob(join(dir, pattern))).toEqual({
      paths: names.map((name) => join(dir, name)),
      cut: false,
    })
  })
})

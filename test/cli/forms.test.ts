/** What the commands say of how patterns run. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { lastpush } from './lastpush.ts'

const folder = mkdtempSync(join(tmpdir(), 'lastpush-forms-'))
const config = join(folder, 'lastpush.yaml')
const parser = {
  name: 'own',
  doc: 'A test.',
  patterns: ['(?<a>[^ ]+) (?<message>.*) in (?<file>.+)', '\\bx(?<message>.*)'],
}
writeFileSync(join(folder, 'own.yaml'), JSON.stringify(parser))
writeFileSync(config, 'parsers: own.yaml\n')

test('check names the form of each parser, and the pattern that only RE2 can run', async () => {
  const { out, status } = await lastpush(['check', '-c', config])
  expect(status).toBe(0)
  expect(out).toContain('  apache_combined: WebAssembly with SIMD\n')
  expect(out).toContain(
    '  own: WebAssembly with SIMD, 1 of 2 on RE2\n' +
      '    patterns[1]: RE2, for the escape \\b at column 1, `\\bx(?<message>.*)`\n',
  )
})

test('parse --explain gives the places that cost time, and reads nothing', async () => {
  const { out, status } = await lastpush(['parse', '-c', config, '--parser', 'own', '--explain'])
  expect(status).toBe(0)
  expect(out.split('\n')).toEqual([
    'own: WebAssembly with SIMD',
    '  patterns[0]: compiled',
    '    column 24, `.*) in (?<file>.+)`: what follows may begin inside this run, whose end is tried from the right',
    '  patterns[1]: RE2, for the escape \\b at column 1, `\\bx(?<message>.*)`',
    '',
  ])
})

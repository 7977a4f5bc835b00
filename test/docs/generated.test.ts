/** The generated parts of the docs are those that `npm run docs` would write. */
import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { kinds, optionsOf, pageOf, pages, renewed, root } from '../../docs/generate.ts'

describe('generated parts', () => {
  test.each(pages())('of %s are up to date (else: npm run docs)', async (page) => {
    expect(readFileSync(`${root}${page}`, 'utf8')).toBe(await renewed(page))
  })
})

const everyKind = Object.entries(kinds).flatMap(([word, list]) =>
  list.map((kind) => ({ word, kind: kind.kind, options: [...optionsOf(kind).keys()] })),
)

describe('every kind', () => {
  it.each(everyKind)('$word $kind has its part, and each option a sentence', (each) => {
    const page = readFileSync(`${root}${pageOf(each.word, each.kind)}`, 'utf8')
    const [, section] = page.split(`<!-- generated: ${each.word} ${each.kind} -->`)
    expect(section).toBeDefined()
    const [byHand = ''] = section?.split('<!-- end -->')[1]?.split('\n## ') ?? []
    const explained = [...byHand.matchAll(/^- ((?:`\w+`(?:, )?)+):/gm)]
      .flatMap(([, names = '']) => names.split(', '))
      .map((name) => name.replaceAll('`', ''))
    expect(explained.sort()).toEqual(each.options.sort())
  })
})

/** Links between the pages lead somewhere: to a file of the project and a heading in it. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, it, test } from 'vitest'
import { pages, root } from '../../docs/generate.ts'

/** Made by the browser test of the page, so it is not there before that ran for the first time. */
const madeByTests = new Set(['docs/img/page.png'])

/** What is wrong with the links of a page, one sentence each. */
function brokenLinks(page: string, text: string): string[] {
  const prose = text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '')
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .flatMap((target) => {
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? page : normalize(join(dirname(page), path))
      if (madeByTests.has(file)) return []
      if (file !== page && !existsSync(`${root}${file}`)) return [`${target}: there is no ${file}`]
      if (anchor === undefined) return []
      const headings = anchorsOf(file === page ? text : readFileSync(`${root}${file}`, 'utf8'))
      return headings.includes(anchor) ? [] : [`${target}: ${file} has no heading #${anchor}`]
    })
}

/** The names that GitHub gives to headings. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test.each(pages())('%s has no broken link', (page) => {
  expect(brokenLinks(page, readFileSync(`${root}${page}`, 'utf8'))).toEqual([])
})

it('a link to nothing and one to a missing heading are found', () => {
  const text = '# One\n\n[a](gone.md) [b](#two) [c](#one) [d](errors.md#errors)\n'
  expect(brokenLinks('docs/x.md', text)).toEqual([
    'gone.md: there is no docs/gone.md',
    '#two: docs/x.md has no heading #two',
    'errors.md#errors: docs/errors.md has no heading #errors',
  ])
})

/** The colours of the page keep their contrast, in light and in dark. What stands on what is listed by
 *  hand here and looked at in a real browser by test/browser/theme.test.ts. */
import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { contrast, theme } from './contrast.ts'

const css = readFileSync(new URL('../../src/web/theme.css', import.meta.url), 'utf8')
const themes = { light: theme(css, 'light'), dark: theme(css, 'dark') }

/** Text on what it stands on. */
const text: readonly (readonly [string, ...string[]])[] = [
  ['ink', 'page', 'surface', 'sunken', 'bad-tint'],
  ['ink-soft', 'page', 'surface', 'sunken', 'bad-tint'],
  ['ink-faint', 'surface', 'sunken', 'page'],
  ['link', 'surface', 'sunken'],
  ['bad', 'surface', 'bad-tint', 'sunken'],
  ['good', 'surface', 'sunken', 'good-tint', 'good-edge'],
  ['warn', 'warn-tint', 'surface'],
  ['error-text', 'surface'],
  ['on-strong', 'bad-strong'],
]
/** Lines, dots and rims that tell something by being there. */
const signs: readonly (readonly [string, ...string[]])[] = [
  ['error-line', 'surface'],
  ['bad-strong', 'surface', 'sunken'],
  ['good-strong', 'surface', 'sunken'],
  ['focus', 'page', 'surface', 'sunken'],
]
const pairsOf = (list: typeof text) =>
  list.flatMap(([front, ...backs]) => backs.map((back) => [front, back] as const))

describe.each(['light', 'dark'] as const)('in %s', (scheme) => {
  const colour = (name: string) => themes[scheme].get(name) ?? `no --${name}`

  test.each(pairsOf(text))('%s can be read on %s', (front, back) => {
    expect(contrast(colour(front), colour(back))).toBeGreaterThanOrEqual(4.5)
  })

  test.each(pairsOf(signs))('%s can be seen on %s', (front, back) => {
    expect(contrast(colour(front), colour(back))).toBeGreaterThanOrEqual(3)
  })
})

it('the dark theme sets every colour anew, and no other', () => {
  const isColour = (value: string) => /^(#|rgb)/.test(value)
  const names = (scheme: 'light' | 'dark') =>
    [...themes[scheme]].filter(([, value]) => isColour(value)).map(([name]) => name)
  const block = css.slice(css.indexOf('@media'))
  const set = [...block.matchAll(/^ +--([\w-]+):/gm)].map(([, name]) => name)
  expect(set).toEqual(names('light'))
  expect(names('dark')).toEqual(names('light'))
})

it('no other file of the page names a colour', () => {
  for (const file of ['page.css', 'search.css', 'chart-options.ts', 'chart.tsx']) {
    const source = readFileSync(new URL(`../../src/web/${file}`, import.meta.url), 'utf8')
    expect([file, source.match(/#[0-9a-f]{3,8}\b|\brgba?\(|\bhsla?\(/gi)]).toEqual([file, null])
  }
})

it('contrast is what WCAG 2 says it is', () => {
  expect(contrast('#000000', '#ffffff')).toBe(21)
  expect(contrast('#ffffff', '#ffffff')).toBe(1)
  expect(contrast('#767676', '#ffffff')).toBeCloseTo(4.54, 2)
  expect(contrast('#777777', '#ffffff')).toBeLessThan(4.5)
})

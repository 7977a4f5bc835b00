/** The page in light and in dark, in a real Chromium: whatever text it shows can be read on what it
 *  stands on, and the chart follows a change of the system while it is open. Pictures go to
 *  test-results/. */
import { mkdir } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Harness } from '../server/harness.ts'
import { contrast } from '../web/contrast.ts'
import { launch, needsChromium, present } from './chromium.ts'
import { buildPage, openPage, StoryServer } from './story-server.ts'

const schemes = ['light', 'dark'] as const
const size = { width: 1280, height: 1000 }

/** Each piece of text that is shown: what it says, its colour and what it stands on. */
interface Shown {
  readonly text: string
  readonly front: string
  readonly back: string
}

// Runs in the page. Colours with alpha do not come under text here; one that did would be found,
// since it has four numbers.
const shownText = `(() => {
  const backOf = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor
      if (colour !== 'rgba(0, 0, 0, 0)') return colour
    }
    return 'nothing'
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  const shown = []
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement
    const text = walker.currentNode.data.trim()
    if (text === '' || !element.checkVisibility() || element.closest('script, style')) continue
    shown.push({ text, front: getComputedStyle(element).color, back: backOf(element) })
  }
  for (const input of document.querySelectorAll('input')) {
    const front = getComputedStyle(input, '::placeholder').color
    shown.push({ text: input.placeholder, front, back: backOf(input) })
  }
  return shown
})()`

async function unreadable(page: Page): Promise<string[]> {
  const shown = await page.evaluate<Shown[]>(shownText)
  expect(shown.length).toBeGreaterThan(3)
  return shown
    .filter(({ front, back }) => /rgba|nothing/.test(front + back) || contrast(front, back) < 4.5)
    .map(({ text, front, back }) => `${text}: ${front} on ${back}`)
}

/** How many pixels of the chart have about this colour. */
const pixelsOf = (page: Page, [red, green, blue]: readonly [number, number, number]) =>
  page.evaluate<number>(`(() => {
    const canvas = document.querySelector('.plot canvas')
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    let found = 0
    for (let at = 0; at < data.length; at += 4) {
      const near = (value, wanted) => Math.abs(value - wanted) <= 3
      if (data[at + 3] > 250 && near(data[at], ${red}) && near(data[at + 1], ${green}) &&
        near(data[at + 2], ${blue})) found += 1
    }
    return found
  })()`)

/** `--error-line` of theme.css. */
const errorLine = { light: [198, 42, 32], dark: [255, 111, 98] } as const

describe('the page in light and dark', () => {
  let built: Awaited<ReturnType<typeof buildPage>> | null = null
  let server: StoryServer
  let address = ''
  let browser: Browser

  beforeEach(needsChromium)

  beforeAll(async () => {
    if (!present) return
    built = await buildPage()
    server = new StoryServer(built.files)
    address = await server.listen()
    browser = await launch()
    await mkdir('test-results', { recursive: true })
  })

  afterAll(async () => {
    await browser?.close()
    server?.close()
    await built?.remove()
  })

  test.each(schemes)('shows no text in %s that cannot be read, in any state', async (scheme) => {
    const { page, faults } = await openPage(browser, size, { colorScheme: scheme })
    for (const scenario of ['failing', 'fixed', 'empty'] as const) {
      server.scenario = scenario
      await page.goto(scenario === 'empty' ? address : `${address}/?q=cart`)
      await page.getByTestId('connection').filter({ hasText: 'connected' }).waitFor()
      if (scenario === 'empty') await page.getByText('lastpush run /var/log').waitFor()
      else await page.getByTestId('since-item').first().waitFor()
      if (scenario !== 'empty') await page.getByTestId('event').first().waitFor()
      expect(await unreadable(page)).toEqual([])
      await page.screenshot({ path: `test-results/${scenario}-${scheme}.png`, fullPage: true })
    }
    server.scenario = 'broken'
    await page.goto(address)
    await page.getByText('The rates could not be read').waitFor()
    expect(await unreadable(page)).toEqual([])
    // A browser reports the 503s of the last state on its console.
    expect(faults.filter((fault) => !fault.includes('503'))).toEqual([])
    await page.close()
  })

  test('draws the chart anew when the system changes to dark and back', async () => {
    server.scenario = 'failing'
    const { page, faults } = await openPage(browser, size, { colorScheme: 'light' })
    // A range that is over: nothing else makes the chart draw itself again.
    const [from, to] = [1_800_000, 90_000].map((ago) => new Date(Date.now() - ago).toISOString().slice(0, 19)) // prettier-ignore
    await page.goto(`${address}/?from=${from}Z&to=${to}Z`)
    await expect.poll(() => pixelsOf(page, errorLine.light)).toBeGreaterThan(100)
    expect(await pixelsOf(page, errorLine.dark)).toBe(0)
    await page.emulateMedia({ colorScheme: 'dark' })
    await expect.poll(() => pixelsOf(page, errorLine.dark)).toBeGreaterThan(100)
    expect(await pixelsOf(page, errorLine.light)).toBe(0)
    await page.emulateMedia({ colorScheme: 'light' })
    await expect.poll(() => pixelsOf(page, errorLine.light)).toBeGreaterThan(100)
    // The looks at the canvas are told of by the browser.
    expect(faults.filter((fault) => !fault.startsWith('Canvas2D'))).toEqual([])
    await page.close()
  })

  test.each(schemes)('asks for a token in %s so that it can be read', async (colorScheme) => {
    const harness = await new Harness('/none', undefined, { token: 'tok-4f1d8a2b9c7e' }).start()
    const page = await browser.newPage({ colorScheme })
    await page.goto(harness.at.origin)
    await page.getByLabel('Token').fill('a-wrong-one')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'not the token' }).waitFor()
    expect(await unreadable(page)).toEqual([])
    await page.close()
    await harness.server.close()
  })
})

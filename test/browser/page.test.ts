/** The page as it is built, in a real Chromium, against a server that tells a story over the API
 *  under the policy that the daemon sends. Pictures of it go to test-results/. */
import { mkdir } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launch, needsChromium, present } from './chromium.ts'
import { badSha, bidiLine, fixSha, imageName, scriptLine } from './story.ts'
import { buildPage, openPage, StoryServer } from './story-server.ts'

const sentenceOf = (page: Page) => page.getByTestId('sentence').innerText()
const says = (page: Page, words: string) =>
  page.getByTestId('sentence').filter({ hasText: words }).waitFor({ timeout: 15_000 })
const marks = (page: Page, role: string) =>
  page.locator(`[data-testid="deploy-mark"][data-role="${role}"]`)
const overflow = (page: Page) =>
  page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  )

describe('the page', () => {
  let built: Awaited<ReturnType<typeof buildPage>> | null = null
  let server: StoryServer
  let address = ''
  let browser: Browser

  beforeEach((context) => {
    needsChromium(context)
    server.scenario = 'failing'
  })

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

  test('says which push broke the site, and by the stream which one fixed it', async () => {
    const { page, faults } = await openPage(browser, { width: 1280, height: 1000 })
    await page.goto(address)
    await says(page, 'failing')
    expect(await sentenceOf(page)).toMatch(
      /^web is failing since push 3b77d0c5ae by alice, \d+ min( \d+ s)? ago$/,
    )
    expect(await page.title()).toBe('● web is failing since push 3b77d0c5ae by alice · lastpush')
    const firing = page.locator('[data-testid="alert-card"][data-state="firing"]')
    expect(await firing.count()).toBe(2)
    expect(await firing.first().locator('.cause .sha').getAttribute('title')).toBe(badSha)
    await page.screenshot({ path: 'test-results/page.png', fullPage: true })

    server.go('fixed')
    await says(page, 'All quiet')
    expect(await sentenceOf(page)).toMatch(
      /^All quiet since push c41d9e02b7 by bob, .+ ago, which fixed 3b77d0c5ae$/,
    )
    expect(await firing.count()).toBe(0)
    const fixedBy = page.locator('[data-testid="alert-card"] .fixed-by .sha')
    expect(await fixedBy.first().getAttribute('title')).toBe(fixSha)
    await marks(page, 'fix').waitFor()
    await page.screenshot({ path: 'test-results/page-fixed.png', fullPage: true })
    expect(faults).toEqual([])
    await page.close()
  })

  test('draws one line for each push of the range, and names the bad one', async () => {
    const { page, faults } = await openPage(browser, { width: 1280, height: 1000 })
    await page.goto(address)
    await marks(page, 'bad').waitFor()
    expect(await page.getByTestId('deploy-mark').count()).toBe(4)
    expect(await marks(page, 'bad').getAttribute('data-sha')).toBe(badSha)
    const boxes = await page
      .locator('.deploy-label')
      .evaluateAll((labels) =>
        labels.map((label) => (label as unknown as Rectangular).getBoundingClientRect().toJSON()),
      )
    expect(boxes).toHaveLength(4)
    expect(overlaps(boxes)).toBe(0)
    expect(faults).toEqual([])
    await page.close()
  })

  test('shows hostile text as text, with what is invisible in it made visible', async () => {
    const { page, faults } = await openPage(browser, { width: 1280, height: 1000 })
    await page.goto(address)
    await page.getByText(scriptLine).first().waitFor()
    await page
      .getByText('user=⟨U+202E⟩gnp.exe⟨U+202C⟩ paid ⟨U+0007⟩⟨U+200B⟩twice')
      .first()
      .waitFor()
    expect(await page.locator('body').innerText()).not.toContain(bidiLine)
    await page.getByRole('combobox').selectOption('d3')
    await page.locator('.about').filter({ hasText: imageName }).waitFor()
    expect(await page.locator('img, main script, a[href^="javascript:"]').count()).toBe(0)
    expect(faults).toEqual([])
    await page.close()
  })

  test('writes a drag over the chart into the URL, which shows the same on its own', async () => {
    const { page, faults } = await openPage(browser, { width: 1280, height: 1000 })
    await page.goto(address)
    await marks(page, 'bad').waitFor()
    const over = await page.locator('.u-over').boundingBox()
    if (over === null) throw new Error('the chart has no plotting area')
    await page.mouse.move(over.x + over.width * 0.7, over.y + 80)
    await page.mouse.down()
    await page.mouse.move(over.x + over.width * 0.95, over.y + 80, { steps: 4 })
    await page.mouse.up()
    await page.waitForURL(/\?from=[^&]+Z&to=[^&]+Z$/)
    await page.goto(page.url())
    await marks(page, 'bad').waitFor()
    expect(await page.getByTestId('deploy-mark').count()).toBe(1)
    await page.getByRole('button', { name: 'Live' }).click()
    expect(new URL(page.url()).search).toBe('')
    expect(faults).toEqual([])
    await page.close()
  })

  test('copies a link that freezes the live view', async () => {
    const { page } = await openPage(browser, { width: 1280, height: 1000 })
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    await page.goto(address)
    await page.getByRole('button', { name: 'Copy link' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+\/\?from=[\d-]+T[\d:]+Z&to=[\d-]+T[\d:]+Z$/,
    )
    expect(new URL(page.url()).search).toBe('')
    await page.close()
  })

  test('says that the connection is lost, and comes back by itself', async () => {
    const { page } = await openPage(browser, { width: 1280, height: 1000 })
    await page.goto(address)
    const connection = (words: string) =>
      page.getByTestId('connection').filter({ hasText: words }).waitFor()
    await connection('connected')
    server.hangUp()
    await connection('connection lost, trying again')
    await connection('connected')
    await page.close()
  })

  test('keeps a picked push in the URL', async () => {
    const { page } = await openPage(browser, { width: 1280, height: 1000 })
    await page.goto(address)
    await page.getByTestId('since-item').first().waitFor()
    expect(await page.getByRole('heading', { name: 'Since last push' }).count()).toBe(1)
    await page.getByRole('combobox').selectOption('d4')
    await page.waitForURL(/\?deploy=d4$/)
    await page.getByText('Nothing was logged.').waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Since an earlier push' }).waitFor()
    await page.close()
  })

  test('finds events by a query, which stays in the URL, and shows them as text', async () => {
    const { page, faults } = await openPage(browser, { width: 1280, height: 1000 })
    await page.goto(address)
    await page.getByRole('searchbox', { name: 'Query' }).fill(' cart ')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\?q=cart$/)
    await page.getByText('The newest 50 of 120 events').waitFor()
    const events = page.getByTestId('event')
    expect(await events.count()).toBe(50)
    expect(await events.nth(0).locator('.sample').first().innerText()).toBe(scriptLine)
    expect(await events.nth(1).innerText()).toContain('user=⟨U+202E⟩gnp.exe⟨U+202C⟩')
    await events.nth(0).getByText('2 more lines').click()
    expect(await events.nth(0).innerText()).toContain(imageName)
    expect(await page.locator('img, main script').count()).toBe(0)
    await page.getByRole('button', { name: 'Show more' }).click()
    await page.getByText('120 events').waitFor()
    await page.screenshot({ path: 'test-results/page-search.png' })
    await page.reload()
    await page.getByText('The newest 50 of 120 events').waitFor()
    expect(await page.getByRole('searchbox').inputValue()).toBe('cart')
    await page.getByRole('searchbox').fill('nothing')
    await page.getByRole('button', { name: 'Search' }).click()
    await page.getByText('No kept event of this time matches.').waitFor()
    await page.goBack()
    await events.first().waitFor()
    expect(await page.getByRole('searchbox').inputValue()).toBe('cart')
    await page.getByRole('button', { name: 'Clear' }).click()
    expect(new URL(page.url()).search).toBe('')
    expect(await events.count()).toBe(0)
    expect(faults).toEqual([])
    await page.close()
  })

  test('fits a phone without scrolling sideways', async () => {
    const { page, faults } = await openPage(browser, { width: 390, height: 844 })
    await page.goto(`${address}/?q=cart`)
    await page.getByTestId('since-item').first().waitFor()
    await page.getByTestId('event').first().waitFor()
    expect(await overflow(page)).toBe(0)
    await page.screenshot({ path: 'test-results/page-390.png', fullPage: true })
    expect(faults).toEqual([])
    await page.close()
  })

  test('tells a new user what to do', async () => {
    server.scenario = 'empty'
    const { page, faults } = await openPage(browser, { width: 1280, height: 1000 })
    await page.goto(address)
    await page.getByText('lastpush deploy --sha "$(git rev-parse HEAD)" --service web').waitFor()
    await page.getByText('lastpush run /var/log/nginx/*.log').waitFor()
    expect(await sentenceOf(page)).toBe('Nothing to watch: no source is configured')
    await page.screenshot({ path: 'test-results/page-empty.png', fullPage: true })
    expect(faults).toEqual([])
    await page.close()
  })

  test('says what is wrong when the server cannot answer', async () => {
    server.scenario = 'broken'
    const { page } = await openPage(browser, { width: 1280, height: 1000 })
    await page.goto(address)
    await says(page, 'Cannot tell: the store is locked')
    await page.getByText('The rates could not be read: the store is locked').waitFor()
    await page.screenshot({ path: 'test-results/page-broken.png', fullPage: true })
    await page.close()
  })
})

/** The part of an element that measuring needs; DOM types are not loaded for tests. */
interface Rectangular {
  getBoundingClientRect(): { toJSON(): Box }
}
interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

/** Pairs of boxes that cover each other. */
function overlaps(boxes: readonly Box[]): number {
  const pairs = boxes.flatMap((a, index) => boxes.slice(index + 1).map((b) => [a, b] as const))
  return pairs.filter(
    ([a, b]) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom,
  ).length
}

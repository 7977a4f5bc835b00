/** The HTML of an e-mail as a mail program shows it, in a real Chromium: it reads well in light and
 *  dark, loads nothing and runs nothing. The picture goes to test-results/, and with
 *  UPDATE_PICTURE=1 to docs/img/, where the docs show it. */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { chromium, type Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/flow/time.ts'
import { emailType } from '../../src/receivers/email.ts'
import type { Page } from '../../src/receivers/receiver.ts'
import { firing, firingPage, since } from '../receivers/samples.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const executablePath = process.env['LASTPUSH_TEST_CHROMIUM'] ?? '/usr/bin/chromium'
const required = (process.env['LASTPUSH_TEST_REQUIRE'] ?? '').split(',').includes('chromium')
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync']

function htmlOf(page: Page): string {
  const options = emailType.options.parse({ host: 'mail', from: 'a@b.c', to: ['d@e.f'] })
  const receiver = emailType.create('team', options, { clock: systemClock, screen: new PassThrough() }) // prettier-ignore
  return (JSON.parse(receiver.render(page)) as { html: string }).html
}

describe('an e-mail', () => {
  let browser: Browser | null = null
  beforeAll(async () => {
    if (!existsSync(executablePath) && !required) return
    browser = await chromium.launch({ executablePath, args: flags })
  })
  afterAll(() => browser?.close())

  test('shows its first line, the line of the log, the link and the facts', async (context) => {
    if (browser === null)
      return context.skip(true, 'needs Chromium, or LASTPUSH_TEST_CHROMIUM=path')
    const other = {
      ...firing,
      summary: 'PHP Fatal error: Allowed memory size of * bytes exhausted is new',
    }
    const pushUrl = 'https://git.example.com/web/commit/3f2a9c1b7e'
    const page = since({ ...firingPage, alerts: [firing, other] }, { url: pushUrl })
    for (const colorScheme of ['light', 'dark'] as const) {
      const tab = await browser.newPage({ viewport: { width: 800, height: 100 }, colorScheme })
      await tab.setContent(htmlOf(page))
      const text = await tab.locator('body').innerText()
      expect(text).toMatch(/^FIRING web: status 500 went from 0\.2 to 12 a minute/)
      expect(text).toContain('"GET /cart HTTP/1.1" 500 12')
      const anchors = await tab.locator('a').all()
      const links = await Promise.all(anchors.map((each) => each.getAttribute('href')))
      expect(links).toEqual([page.url, pushUrl])
      const path = `test-results/email-${colorScheme}.png`
      await tab.screenshot({ path: join(root, path), fullPage: true })
      if (process.env['UPDATE_PICTURE'] === '1' && colorScheme === 'light') {
        await mkdir(join(root, 'docs/img'), { recursive: true })
        await tab.screenshot({ path: join(root, 'docs/img/email.png'), fullPage: true })
      }
      await tab.close()
    }
  })

  test('S26: loads nothing and runs nothing that a line asks for', async (context) => {
    if (browser === null)
      return context.skip(true, 'needs Chromium, or LASTPUSH_TEST_CHROMIUM=path')
    const line =
      '"><img src=http://127.0.0.1:9/track onerror="document.title=\'ran\'"></pre><script>document.title="ran"</script>'
    const alert = { ...firing, summary: line, samples: [line], rule: line, labels: { service: line, env: line } } // prettier-ignore
    const tab = await browser.newPage()
    const requests: string[] = []
    tab.on('request', (request) => requests.push(request.url()))
    await tab.setContent(htmlOf({ ...firingPage, alerts: [alert, alert], url: `http://a/${line}` }))
    expect(await tab.locator('pre').innerText()).toBe(line)
    expect(await tab.locator('img, script, iframe, link, style').count()).toBe(0)
    expect(await tab.title()).toContain('<img src=')
    expect(requests).toEqual([])
    await tab.close()
  })
})

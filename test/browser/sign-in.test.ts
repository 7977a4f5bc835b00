/** The way of a person with a token to the page: the real server and the built page in a real
 *  Chromium. Pictures of the document that asks for the token go to test-results/. */
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Harness } from '../server/harness.ts'
import { launch, needsChromium, present } from './chromium.ts'
import { buildPage } from './story-server.ts'

const token = 'tok-4f1d8a2b9c7e6035'

describe('the page behind a token', () => {
  let built: Awaited<ReturnType<typeof buildPage>> | null = null
  let browser: Browser
  let harness: Harness

  beforeEach(needsChromium)

  beforeAll(async () => {
    if (!present) return
    built = await buildPage()
    harness = await new Harness(built.files, undefined, { token }).start()
    browser = await launch()
    await mkdir('test-results', { recursive: true })
  })

  afterAll(async () => {
    await browser?.close()
    await harness?.server.close()
    await built?.remove()
  })

  test('asks for the token once, and then shows the page with its stream', async () => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
    const page = await context.newPage()
    const policyFaults: string[] = []
    page.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) policyFaults.push(message.text())
    })
    const address = `${harness.at.origin}/?deploy=d1`
    expect((await page.goto(address))?.status()).toBe(401)
    expect(await page.title()).toBe('Token needed · lastpush')
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await page.screenshot({ path: `test-results/sign-in-${colorScheme}.png` })
    }

    await page.getByLabel('Token').fill('a-wrong-token-of-some-length')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'This is not the token' }).waitFor()
    expect(await context.cookies()).toEqual([])

    await page.getByLabel('Token').fill(` ${token} `)
    await page.getByRole('button', { name: 'Open the page' }).click()
    await page.getByTestId('connection').filter({ hasText: 'connected' }).waitFor()
    expect(page.url()).toBe(address)
    await page.getByTestId('alert-card').first().waitFor()
    const [cookie] = await context.cookies()
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/' })
    const kept = 'document.cookie + JSON.stringify([localStorage, sessionStorage])'
    expect(await page.evaluate<string>(kept)).toBe('[{},{}]')

    // Another tab needs no token; nor does the same one later.
    const second = await context.newPage()
    expect((await second.goto(harness.at.origin))?.status()).toBe(200)
    await page.reload()
    await page.getByTestId('connection').filter({ hasText: 'connected' }).waitFor()
    expect(policyFaults).toEqual([])
    await context.close()
  })

  test('opens from a link on another site, which brings no cookie along', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(harness.at.origin)
    await page.getByLabel('Token').fill(token)
    await page.keyboard.press('Enter')
    await page.getByTestId('connection').filter({ hasText: 'connected' }).waitFor()

    // Another port is the same site; another name is not.
    const chat = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html')
      response.end(`<a href="${harness.at.origin}/?q=cart">the alert</a>`)
    }).listen(0, '127.0.0.1')
    await once(chat, 'listening')
    await page.goto(`http://localhost:${(chat.address() as AddressInfo).port}/`)
    await page.getByRole('link').click()
    await page.getByTestId('connection').filter({ hasText: 'connected' }).waitFor()
    expect(page.url()).toBe(`${harness.at.origin}/?q=cart`)
    chat.closeAllConnections()
    chat.close()
    await context.close()
  })

  test('asks again when the session is over, in the middle of the page', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(harness.at.origin)
    await page.getByLabel('Token').fill(token)
    await page.keyboard.press('Enter')
    await page.getByTestId('connection').filter({ hasText: 'connected' }).waitFor()
    await context.clearCookies()
    harness.view.tell({ type: 'alert', data: null })
    await page.getByLabel('Token').waitFor()
    await context.close()
  })
})

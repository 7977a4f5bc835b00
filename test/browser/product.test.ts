/** The running product, as a person meets it first: the page of `lastpush demo`, looked at in a real
 *  Chromium while the bad push is out. The picture goes to
 *  test-results/, and with UPDATE_PICTURE=1 to docs/img/, where the README shows it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const executablePath = process.env['LASTPUSH_TEST_CHROMIUM'] ?? '/usr/bin/chromium'
const required = (process.env['LASTPUSH_TEST_REQUIRE'] ?? '').split(',').includes('chromium')
const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A running demo and what it has printed. */
class Demo {
  readonly child = spawn(process.execPath, [join(root, 'dist/main.js'), 'demo'])
  output = ''

  constructor() {
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()))
    }
  }

  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.output)
      if (match !== null) return match
      if (this.child.exitCode !== null) throw new Error(`the demo ended early:\n${this.output}`)
      await Promise.race([once(this.child.stdout, 'data'), once(this.child, 'exit')])
    }
  }
}

test('the page of the demo shows the push that broke the shop', async (context) => {
  if (!existsSync(executablePath) && !required) {
    context.skip(true, 'needs Chromium, or LASTPUSH_TEST_CHROMIUM=path')
  }
  const demo = new Demo()
  const ended = once(demo.child, 'exit')
  const browser = await chromium.launch({ executablePath, args: flags })
  try {
    const [, origin = ''] = await demo.printed(/(http:\/\/127\.0\.0\.1:\d+)/)
    await demo.printed(/^FIRING web: new error.*since push 3b77d0c5ae by alice$/m)
    const page = await browser.newPage({ viewport: { width: 1280, height: 1180 } })
    const complaints: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(origin)
    await page.locator('[data-testid=deploy-mark][data-role=bad]').first().waitFor()
    await page.locator('[data-testid=since-item][data-class=new]').first().waitFor()
    await page.locator('[data-testid=alert-card]').nth(2).waitFor()
    expect(await page.locator('[data-testid=sentence]').textContent()).toContain('3b77d0c5ae')
    expect(await page.locator('[data-testid=alert-card]').first().textContent()).toContain('alice')
    await mkdir(join(root, 'test-results'), { recursive: true })
    await page.screenshot({ path: join(root, 'test-results/product.png') })
    if (process.env['UPDATE_PICTURE'] === '1') {
      await mkdir(join(root, 'docs/img'), { recursive: true })
      await page.screenshot({ path: join(root, 'docs/img/page.png') })
    }
    expect(complaints).toEqual([])
    demo.child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  } finally {
    await browser.close()
    demo.child.kill('SIGKILL')
  }
})

/** The system's Chromium, as every test of the page starts it. */
import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'
import type { TestContext } from 'vitest'

const executablePath = process.env['LASTPUSH_TEST_CHROMIUM'] ?? '/usr/bin/chromium'
const required = (process.env['LASTPUSH_TEST_REQUIRE'] ?? '').split(',').includes('chromium')

/** True when there is one. */
export const present = existsSync(executablePath)

/** Skips the test where there is none, and fails where one is required. */
export function needsChromium(context: TestContext): void {
  if (!present && required) throw new Error(`no Chromium at ${executablePath}`)
  context.skip(!present, `needs Chromium at ${executablePath}, or LASTPUSH_TEST_CHROMIUM=path`)
}

export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

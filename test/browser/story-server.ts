/** A server that tells a story over the API to the page as it is built, under the policy that the
 *  daemon sends; and a page of a browser that keeps what ought not to happen on it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import type { Browser, BrowserContextOptions } from 'playwright-core'
import { build } from 'vite'
import { type Scenario, Story } from './story.ts'

const policy =
  "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; " +
  "base-uri 'none'; frame-ancestors 'none'"
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
}

/** Builds the page into a folder of its own. */
export async function buildPage(): Promise<{ files: string; remove: () => Promise<void> }> {
  const files = await mkdtemp(join(tmpdir(), 'lastpush-page-'))
  const configFile = new URL('../../vite.config.ts', import.meta.url).pathname
  await build({ configFile, logLevel: 'error', build: { outDir: files } })
  return { files, remove: () => rm(files, { recursive: true, force: true }) }
}

/** Serves the built page and answers the API from a story; `go` changes the scenario. */
export class StoryServer {
  readonly story = new Story(Date.now())
  readonly server: Server
  readonly #files: string
  readonly #streams = new Set<ServerResponse>()
  scenario: Scenario = 'failing'

  constructor(files: string) {
    this.#files = files
    this.server = createServer((request, response) => void this.#answer(request, response))
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** Changes what the API answers, and says so on the stream. */
  go(scenario: Scenario): void {
    this.scenario = scenario
    for (const stream of this.#streams) {
      stream.write('event: deploy\ndata: {}\n\nevent: alert\ndata: {}\n\nevent: tick\ndata: {}\n\n')
    }
  }

  /** Ends the open streams, as a restart of the daemon would. */
  hangUp(): void {
    for (const stream of this.#streams) stream.end()
  }

  close(): void {
    this.server.closeAllConnections()
    this.server.close()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://page.test')
    response.setHeader('content-security-policy', policy)
    if (url.pathname === '/api/v1/stream') return this.#stream(response)
    if (url.pathname.startsWith('/api/v1/')) return this.#api(url, response)
    const path = url.pathname === '/' ? '/index.html' : url.pathname
    const body = await readFile(join(this.#files, path)).catch(() => null)
    response.statusCode = body === null ? 404 : 200
    response.setHeader('content-type', types[extname(path)] ?? 'application/octet-stream')
    response.end(body ?? 'not found')
  }

  #stream(response: ServerResponse): void {
    response.setHeader('content-type', 'text/event-stream')
    response.write('event: tick\ndata: {}\n\n')
    this.#streams.add(response)
    response.on('close', () => this.#streams.delete(response))
  }

  #api({ pathname, searchParams }: URL, response: ServerResponse): void {
    const { story, scenario } = this
    const asked = (name: string) => searchParams.get(name) ?? ''
    const answers: Readonly<Record<string, () => unknown>> = {
      status: () => story.status(scenario),
      alerts: () => story.alerts(scenario),
      deploys: () => story.deploys(scenario),
      since: () => story.verdict(scenario, asked('deploy')),
      events: () => story.events(asked('q'), Number(asked('limit'))),
      rates: () =>
        story.rates(
          scenario,
          Date.parse(asked('from')),
          Date.parse(asked('to')),
          Number(asked('step')),
        ),
    }
    const answer = answers[pathname.slice('/api/v1/'.length)]
    response.setHeader('content-type', 'application/json')
    response.statusCode = answer === undefined ? 404 : scenario === 'broken' ? 503 : 200
    const refused = { error: { code: 'STORE_LOCKED', message: 'the store is locked', faults: [] } }
    const said = scenario === 'broken' ? refused : answer?.()
    response.end(JSON.stringify(said ?? null))
  }
}

/** A page, and everything on it that ought not to happen. */
export async function openPage(
  browser: Browser,
  size: { width: number; height: number },
  more: BrowserContextOptions = {},
) {
  const page = await browser.newPage({ viewport: size, timezoneId: 'Europe/Berlin', ...more })
  const faults: string[] = []
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text())
  })
  page.on('pageerror', (error) => faults.push(error.message))
  page.on('request', (request) => {
    if (!request.url().startsWith('http://127.0.0.1:')) faults.push(`asked for ${request.url()}`)
  })
  await page.addInitScript(
    `addEventListener('securitypolicyviolation', (event) =>
       console.error('policy: ' + event.violatedDirective + ' ' + event.blockedURI))`,
  )
  return { page, faults }
}

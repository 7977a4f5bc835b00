/** Prints notifications for people: what broke, how much, since which push, by whom; one line of
 *  evidence; the link. The frozen body is plain text without colours, because only the moment of
 *  printing knows whether a terminal reads it. Everything from outside is escaped. */
import { z } from 'zod'
import type { Alert } from '../model/alert.ts'
import { shortSha, type Deploy } from '../model/deploy.ts'
import { visible } from '../model/escape.ts'
import type {
  Outcome,
  Page,
  PageReason,
  Receiver,
  ReceiverContext,
  ReceiverType,
  Screen,
} from './receiver.ts'

/** How long a stalled reader may hold one notification up. */
const timeLimitMs = 10_000
const summaryCharactersMax = 500
const sampleCharactersMax = 500

const titles: Readonly<Record<PageReason, string>> = {
  firing: 'FIRING',
  update: 'UPDATE',
  repeat: 'STILL FIRING',
  resolved: 'RESOLVED',
}

/** ANSI colour by the first word of a body: red, yellow, green. */
const colours: ReadonlyMap<string, string> = new Map([
  ['FIRING', '1;31'],
  ['UPDATE', '33'],
  ['STILL', '33'],
  ['RESOLVED', '1;32'],
])

const options = z.strictObject({
  color: z.enum(['auto', 'always', 'never']).default('auto'),
})

export type ConsoleOptions = z.output<typeof options>

/** The receiver type `console`. */
export const consoleType: ReceiverType<ConsoleOptions> = {
  kind: 'console',
  doc: 'Prints each notification on the standard output of the daemon.',
  example: 'receivers:\n  screen: { console: { color: auto } }',
  options,
  create: createConsole,
}

function createConsole(name: string, chosen: ConsoleOptions, context: ReceiverContext): Receiver {
  const { screen } = context
  // Writes that the stream has not yet taken, by key: a later attempt waits for the same write
  // instead of printing twice. Each belongs to a waiting notification, which bounds them.
  const unfinished = new Map<string, Promise<Outcome>>()
  let guarded = false
  return {
    name,
    address: 'standard output',
    render: renderText,
    async send(body, key, signal) {
      // Without a listener the first EPIPE would end the whole process.
      if (!guarded) screen.on('error', () => {})
      guarded = true
      const text = hasColours(screen, chosen.color) ? coloured(body) : body
      const written = unfinished.get(key) ?? print(screen, `${text}\n`)
      unfinished.set(key, written)
      const outcome = await withinLimit(written, context, signal)
      if (outcome !== null) unfinished.delete(key)
      return outcome ?? { ok: false, retry: true, error: 'standard output takes nothing' }
    },
  }
}

function hasColours(screen: Screen, choice: ConsoleOptions['color']): boolean {
  if (choice !== 'auto') return choice === 'always'
  // Node's own answer knows NO_COLOR and dumb terminals.
  return screen.isTTY === true && (screen.hasColors?.() ?? true)
}

function coloured(body: string): string {
  const colour = colours.get(/^\w+/.exec(body)?.[0] ?? '')
  const end = body.indexOf('\n')
  if (colour === undefined || end < 0) return body
  return `\x1b[${colour}m${body.slice(0, end)}\x1b[0m${body.slice(end)}`
}

/** Resolves when the stream has taken the text. */
function print(screen: Screen, text: string): Promise<Outcome> {
  return new Promise((resolve) => {
    screen.write(text, (error) => resolve(error == null ? { ok: true } : failure(error)))
  })
}

/** What came of the write, or null when the time is over or the attempt was stopped. */
async function withinLimit(
  written: Promise<Outcome>,
  { clock }: ReceiverContext,
  signal: AbortSignal,
): Promise<Outcome | null> {
  const over = new AbortController()
  const stop = AbortSignal.any([signal, over.signal])
  const outcome = await Promise.race([written, clock.sleep(timeLimitMs, stop).then(() => null)])
  over.abort()
  return outcome
}

/** A closed pipe stays closed for this process; everything else may pass. */
function failure(error: NodeJS.ErrnoException): Outcome {
  const gone = ['EPIPE', 'ERR_STREAM_DESTROYED', 'ERR_STREAM_WRITE_AFTER_END']
  return gone.includes(error.code ?? '')
    ? { ok: false, retry: false, error: 'the reader of standard output has gone' }
    : { ok: false, retry: true, error: `standard output: ${error.message}` }
}

function renderText(page: Page): string {
  const first = page.alerts[0]
  const lines = [headline(page, first)]
  const sample = first?.samples[0]
  if (sample !== undefined) lines.push(`  ${cut(sample, sampleCharactersMax)}`)
  if (page.url !== '') lines.push(`  ${visible(page.url)}`)
  return lines.join('\n')
}

function headline(page: Page, first: Alert | undefined): string {
  const service = first?.labels['service'] ?? page.deploy?.service ?? null
  const head = `${titles[page.reason]}${service === null ? '' : ` ${visible(service)}`}`
  const what = cut(first?.summary ?? `alert group ${page.groupKey}`, summaryCharactersMax)
  const others = page.alerts.length - 1
  const more = others > 0 ? ` and ${others} more` : ''
  const since = pushText(page.deploy, first?.sha ?? null)
  return `${head}: ${what}${measure(first)}${more}, since ${since}${fixText(page, first)}`
}

/** ` (value 42, threshold 5)`, or less where less is known. */
function measure(alert: Alert | undefined): string {
  const value = alert?.value ?? null
  if (value === null) return ''
  const threshold = alert?.threshold ?? null
  const limit = threshold === null ? '' : `, threshold ${short(threshold)}`
  return ` (value ${short(value)}${limit})`
}

function fixText(page: Page, first: Alert | undefined): string {
  if (page.status !== 'resolved') return ''
  const sha = first?.fixedBy ?? null
  return page.fixedBy === null && sha === null ? '' : `, fixed by ${pushText(page.fixedBy, sha)}`
}

function pushText(deploy: Deploy | null, sha: string | null): string {
  if (deploy === null) return sha === null ? 'an unknown push' : `push ${visible(shortSha(sha))}`
  const noun = deploy.kind === 'config' ? 'config change' : deploy.kind
  const by = deploy.by === null ? '' : ` by ${visible(deploy.by)}`
  return `${noun} ${visible(shortSha(deploy.sha))}${by}`
}

/** Up to four significant digits, without an exponent where people expect none. */
function short(value: number): string {
  return String(Number(value.toPrecision(4)))
}

/** Escaped, and cut before the escaping so that no escape is cut in half. */
function cut(text: string, charactersMax: number): string {
  return text.length <= charactersMax
    ? visible(text)
    : `${visible(text.slice(0, charactersMax - 1))}…`
}

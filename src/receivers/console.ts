/** Prints notifications for people: what broke, how much, since which push, by whom; one line of
 *  evidence; the link. The frozen body is plain text without colours, because only the moment of
 *  printing knows whether a terminal reads it. Everything from outside is escaped. */
import { z } from 'zod'
import { cut, headline, linkOf } from './headline.ts'
import type { Outcome, Page, Receiver, ReceiverContext, ReceiverType, Screen } from './receiver.ts'

/** How long a stalled reader may hold one notification up. */
const timeLimitMs = 10_000
const sampleCharactersMax = 500

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
  const lines = [headline(page)]
  const sample = first?.samples[0]
  if (sample !== undefined) lines.push(`  ${cut(sample, sampleCharactersMax)}`)
  const link = linkOf(page)
  if (link !== null) lines.push(`  ${link}`)
  return lines.join('\n')
}

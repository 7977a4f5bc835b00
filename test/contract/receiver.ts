/** What every receiver must pass, against the real thing at its other end. The kind's test calls
 *  `receiverContract` with a factory of subjects, and names the cases that its medium has no room
 *  for, with the reason. How answers over HTTP are judged is http-receiver.ts's. */
import { afterEach, beforeEach, describe, expect, test, type TestContext } from 'vitest'
import type { Log } from '../../src/flow/log.ts'
import { systemClock } from '../../src/flow/time.ts'
import type { Outcome, Page, Receiver, ReceiverContext } from '../../src/receivers/receiver.ts'
import { firing, firingPage, resolvedPage, since } from '../receivers/samples.ts'

/** A message as the other end has taken it. */
export interface Taken {
  /** What tells a repeat from news: the key, a Message-ID, a dedup_key. */
  readonly identity: string
  /** What a reader is shown, in its order. */
  readonly text: string
  /** Every rule of the medium that it breaks. */
  readonly faults: readonly string[]
}

/** The other end of one receiver, made anew for each case. */
export interface Subject {
  /** A receiver whose other end takes what it is sent. */
  create(context: Partial<ReceiverContext>): Receiver
  /** What has been taken, oldest first. */
  taken(): Promise<readonly Taken[]> | readonly Taken[]
  /** A receiver whose other end never answers; `reached` resolves when it is being waited for. */
  hung(): Promise<{ readonly receiver: Receiver; readonly reached: Promise<unknown> }>
  /** A receiver whose other end refuses every message for good. */
  refusing(context: Partial<ReceiverContext>): Promise<Receiver>
  /** A receiver of what is not there, and how its errors must name that. */
  unreachable(
    context: Partial<ReceiverContext>,
  ): Promise<{ readonly receiver: Receiver; readonly names: string }>
  /** What the receivers above know and nobody may be shown. */
  readonly secrets: readonly string[]
  close(): Promise<void>
}

/** Why a kind cannot pass a case, by case. */
export type Skips = Partial<Record<'identity' | 'refusal' | 'unreachable' | 'secrets', string>>

/** An aborted attempt ends within this time, ms; the outbox stops within a second. */
const promptMs = 900

const line =
  'web: status 500 went from 0.2 to 12 a minute (value 42.12, threshold 20), since push 3f2a9c1b7e by alice'
const update: Page = { ...firingPage, key: 'key-1b', reason: 'update' }
const repeat: Page = { ...firingPage, key: 'key-1c', reason: 'repeat' }

const hostileTexts: readonly (readonly [string, string])[] = [
  ['HTML', `<img src=http://evil/x onerror="alert(1)"> ' </pre></body><script>x</script>`],
  ['mentions', '<!channel> <!here> <@U123> <#C1> @channel @everyone <https://evil|click> ``` *b*'],
  ['line ends', 'a\r\nQUIT :x\r\nBcc: v@evil.example\n.\r\nb\rc\u2028d\u2029e\u0085f'],
  ['terminal escapes', '\x1b[2J\x1b]0;owned\x07\x9b31m\x08\x7f\x01ACTION\x01'],
  ['bidirectional characters', 'ab\u202egnp.exe\u2066cd\u2069\u202c'],
  ['NUL', 'a\0b'],
  ['100 kB', 'x'.repeat(100_000)],
  ['lone surrogates', '\ud800a\udc00😀'],
  ['an encoded word', '=?utf-8?q?=0d=0aBcc:_v@evil.example?='],
]

/** A page that says the text wherever a log line or a name can. */
function hostilePage(text: string): Page {
  const labels = { service: text, env: text, severity: text, host: text, [text]: text }
  const alert = { ...firing, rule: text, summary: text, labels, samples: [text, text] }
  const page = { ...firingPage, alerts: [alert, alert], url: `http://a.example/${text}` }
  return since(page, { by: text, service: text, url: text })
}

const manyAlerts: Page = {
  ...firingPage,
  alerts: Array.from({ length: 1_000 }, (_none, at) => ({ ...firing, fingerprint: `f${at}` })),
}

const hostilePages: readonly (readonly [string, Page])[] = [
  ...hostileTexts.map(([name, text]) => [name, hostilePage(text)] as const),
  ['1,000 alerts', manyAlerts],
  ['no alert', { ...firingPage, alerts: [] }],
]

/** Runs every case against subjects of a kind. */
export function receiverContract(
  kind: string,
  open: () => Promise<Subject>,
  skips: Skips = {},
): void {
  describe(`${kind} as a receiver`, () => {
    let subject: Subject
    const made: Receiver[] = []
    beforeEach(async () => {
      subject = await open()
    })
    afterEach(async () => {
      await Promise.all(made.splice(0).map(async (receiver) => receiver.close?.()))
      await subject.close()
    })
    const keep = (receiver: Receiver): Receiver => {
      made.push(receiver)
      return receiver
    }
    const create = (context: Partial<ReceiverContext> = {}) => keep(subject.create(context))
    const skip = (context: TestContext, name: keyof Skips): void =>
      context.skip(skips[name] !== undefined, skips[name])
    const told = async (receiver: Receiver, page: Page): Promise<readonly Taken[]> => {
      const before = (await subject.taken()).length
      expect(await send(receiver, page)).toEqual({ ok: true })
      return (await subject.taken()).slice(before)
    }

    test('renders the same body for the same page, and changes nothing of it', () => {
      const [one, other] = [create(), create()]
      for (const page of [
        firingPage,
        update,
        repeat,
        resolvedPage,
        { ...firingPage, alerts: [] },
      ]) {
        const frozen = deepFrozen(page)
        expect(one.render(frozen)).toBe(other.render(structuredClone(page)))
        expect(one.render(frozen)).toBe(one.render(frozen))
      }
    })

    test.each(hostilePages)('renders a body that a store gives back as it was: %s', (_, page) => {
      const body = create().render(page)
      expect(Buffer.from(body, 'utf8').toString('utf8')).toBe(body)
      expect(body).not.toContain('\0')
    })

    test('tells an onset, news, a reminder and the end, each as what it is', async () => {
      const receiver = create()
      const texts: string[] = []
      for (const page of [firingPage, update, repeat, resolvedPage]) {
        texts.push((await told(receiver, page)).map(({ text }) => firstLine(text)).join())
      }
      expect(texts).toEqual([
        `FIRING ${line}`,
        `UPDATE ${line}`,
        `STILL FIRING ${line}`,
        `RESOLVED ${line}, fixed by push 77ab34cd90 by bob`,
      ])
    })

    test('tells after its first line a sample, and then the link', async () => {
      const [message] = await told(create(), firingPage)
      const text = message?.text ?? ''
      const sample = text.indexOf('"GET /cart HTTP/1.1" 500 12')
      const link = text.indexOf('http://127.0.0.1:7077/?to=2026-03-01T12:01:00Z')
      expect(sample).toBeGreaterThan(text.indexOf('\n'))
      expect(link).toBeGreaterThan(sample)
    })

    test('sends a body again as the same message', async (context) => {
      skip(context, 'identity')
      const receiver = create()
      const first = await told(receiver, firingPage)
      expect((await told(receiver, firingPage)).map(({ identity }) => identity)).toEqual(
        first.map(({ identity }) => identity),
      )
      const again = await told(create(), firingPage)
      expect(again).toEqual(first)
      expect(first[0]?.identity).not.toBe('')
    })

    test('ends an attempt at once when it is aborted, and says that it may be tried again', async () => {
      const { receiver, reached } = await subject.hung()
      keep(receiver)
      const stop = new AbortController()
      const sent = receiver.send(receiver.render(firingPage), 'key-1', stop.signal)
      await reached
      const abortedAt = systemClock.monotonic()
      stop.abort()
      expect(await sent).toMatchObject({ ok: false, retry: true })
      expect(systemClock.monotonic() - abortedAt).toBeLessThan(promptMs)
      // One that is aborted before it begins.
      expect(await receiver.send('{}', 'key-2', stop.signal)).toMatchObject({ retry: true })
    })

    test('may be tried again when nothing is there, and names what is not', async (context) => {
      skip(context, 'unreachable')
      const { receiver, names } = await subject.unreachable({})
      const outcome = await send(keep(receiver), firingPage)
      expect(outcome).toMatchObject({ ok: false, retry: true })
      expect(errorOf(outcome)).toContain(names)
      // A sentence: a name and what became of it, on one line.
      expect(errorOf(outcome)).toMatch(/^[^\n]*\S [^\n]+$/)
    })

    test('is not tried again when it refuses for good, and says why', async (context) => {
      skip(context, 'refusal')
      const outcome = await send(keep(await subject.refusing({})), firingPage)
      expect(outcome).toMatchObject({ ok: false, retry: false })
      expect(errorOf(outcome)).toMatch(/^[^\n]*\S [^\n]+$/)
    })

    test('shows no secret in its address, bodies, faults, errors or log', async (context) => {
      skip(context, 'secrets')
      const { log, lines } = recorder()
      const { receiver: away } = await subject.unreachable({ log })
      const all = [create({ log }), keep(await subject.refusing({ log })), keep(away)]
      const shown: unknown[] = [lines]
      for (const receiver of all) {
        receiver.start?.()
        shown.push(receiver.address, receiver.render(firingPage))
        shown.push(await send(receiver, firingPage), receiver.fault)
      }
      expect(subject.secrets.length).toBeGreaterThan(0)
      for (const secret of subject.secrets) expect(JSON.stringify(shown)).not.toContain(secret)
    })

    test.each(hostilePages)(
      'S20: delivers within the limits of its medium, escaped: %s',
      { timeout: 30_000 },
      async (_name, page) => {
        const messages = await told(create(), page)
        expect(messages.length).toBeGreaterThan(0)
        expect(messages.flatMap(({ faults }) => faults)).toEqual([])
      },
    )

    test('may be started and closed twice, and closed without a start', async () => {
      const receiver = create()
      receiver.start?.()
      receiver.start?.()
      expect(await send(receiver, firingPage)).toEqual({ ok: true })
      expect(receiver.fault ?? null).toBeNull()
      await receiver.close?.()
      await receiver.close?.()
      await create().close?.()
    })
  })
}

function send(receiver: Receiver, page: Page): Promise<Outcome> {
  return receiver.send(receiver.render(page), page.key, new AbortController().signal)
}

function errorOf(outcome: Outcome): string {
  return outcome.ok ? '' : outcome.error
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

/** A log that keeps everything. */
function recorder(): { readonly log: Log; readonly lines: unknown[] } {
  const lines: unknown[] = []
  const keep = (facts: object, message: string): void => void lines.push([facts, message])
  return { lines, log: { debug: keep, info: keep, warn: keep, error: keep } }
}

function deepFrozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value) as unknown[]) deepFrozen(inner)
  }
  return Object.freeze(value)
}

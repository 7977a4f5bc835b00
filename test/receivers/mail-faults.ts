/** What a mail may hold, as a server takes it and as a mail program shows it. */
import { decodedWords, headersOf, partsOf, type Mail } from './smtp.ts'

const headerNames = ['auto-submitted', 'content-type', 'date', 'from', 'in-reply-to', 'message-id', 'mime-version', 'references', 'subject', 'to'] // prettier-ignore
const tags = ['a', 'body', 'div', 'h1', 'head', 'html', 'li', 'meta', 'p', 'pre', 'span', 'table', 'td', 'title', 'tr', 'ul'] // prettier-ignore

/** Every rule that a mail breaks: RFC 5321 and 5322, the configured recipients, harmless HTML. */
export function mailFaults({ raw, to }: Mail, recipients: readonly string[]): readonly string[] {
  const headers = headersOf(raw)
  const [text, html] = partsOf(raw)
  const subject = decodedWords(headers.get('subject')?.[0] ?? '')
  const used = [...(html?.text ?? '').matchAll(/<([a-z][a-z0-9]*)/gi)].map(([, name = '']) => name)
  const loaded = /<[^>]*\s(src|srcset|background|on\w+)\s*=/i
  const checks: [boolean, string][] = [
    [JSON.stringify(to) === JSON.stringify(recipients), `recipients ${to.join()}`],
    [raw.split('\r\n').every((line) => line.length <= 998), 'a line above 998'],
    [!/(^|[^\r])\n|\r[^\n]/.test(raw), 'a bare line end'],
    [[...headers.values()].every(({ length }) => length === 1), 'a header twice'],
    [!/[\x00-\x1f\x7f-\x9f\u2028-\u202e]/.test(subject), 'a subject with control characters'],
    [subject !== '' && subject.length <= 250, `a subject of ${subject.length}`],
    [text?.type === 'text/plain' && html?.type === 'text/html', 'not text and HTML'],
    [!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e]/.test(text?.text ?? ''), 'control characters'],
    [!loaded.test(html?.text ?? ''), 'something to load or run'],
  ]
  return [
    ...checks.filter(([holds]) => !holds).map(([, fault]) => fault),
    ...[...headers.keys()].filter((name) => !headerNames.includes(name)),
    ...used.filter((name) => !tags.includes(name.toLowerCase())).map((name) => `<${name}>`),
  ]
}

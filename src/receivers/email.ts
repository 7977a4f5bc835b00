/** Sends notifications by SMTP, a connection each: encrypted unless the configuration says otherwise
 *  in so many words, and then never with a password. Sender and recipients come from the
 *  configuration alone. Parked is only what the server refuses for good about this message or its
 *  recipients; a connection, a certificate or a password that does not work can be mended. */
import { readFile } from 'node:fs/promises'
import type { SMTPTransportOptions } from 'nodemailer'
import { z } from 'zod'
import type { Clock } from '../flow/time.ts'
import { cut } from './headline.ts'
import { mailBody, type MailBody } from './email-body.ts'
import { Recipients, refusalOf, type Refusal } from './email-recipients.ts'
import type { Outcome, Receiver, ReceiverContext, ReceiverType } from './receiver.ts'
import { readSecret } from '../flow/secret.ts'

/** For the whole attempt, from look-up to the server's yes. */
const timeLimitMs = 30_000
/** Of each step before the message: look-up, connection, greeting. */
const stepLimitMs = 10_000
const errorCharactersMax = 300
const recipientsMax = 50

const hostName = z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'is no host name')
// What a mailbox of RFC 5321 is without quoting: nothing here can end a command or a header.
const mailbox = z
  .string()
  .regex(/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}$/, 'is no e-mail address')

const options = z
  .strictObject({
    host: hostName,
    port: z.int().min(1).max(65_535).default(587),
    tls: z.enum(['starttls', 'implicit', 'none']).default('starttls'),
    ca_file: z.string().min(1).optional(),
    user: z.string().min(1).optional(),
    password_file: z.string().min(1).optional(),
    password_env: z.string().min(1).optional(),
    from: mailbox,
    to: z.array(mailbox).min(1).max(recipientsMax),
  })
  .refine(({ password_file: file, password_env: env }) => file === undefined || env === undefined, {
    message: 'takes either password_file or password_env',
  })
  .refine(
    ({ user, password_file: file, password_env: env }) =>
      (user === undefined) === (file === undefined && env === undefined),
    { message: 'needs user and one of password_file and password_env, or none of them' },
  )
  .refine(({ tls, user }) => tls !== 'none' || user === undefined, {
    message: 'sends no password without tls',
  })

export type EmailOptions = z.output<typeof options>

/** The receiver type `email`. */
export const emailType: ReceiverType<EmailOptions> = {
  kind: 'email',
  doc: 'Sends each notification as an e-mail by SMTP, the pages of one alert group as one thread.',
  example: [
    'receivers:',
    '  team:',
    '    email:',
    '      host: smtp.example.com',
    '      user: lastpush',
    '      password_file: /etc/lastpush/smtp.password',
    '      from: lastpush@example.com',
    '      to: [oncall@example.com]',
  ].join('\n'),
  options,
  create: createEmail,
}

function createEmail(name: string, chosen: EmailOptions, context: ReceiverContext): Receiver {
  const domain = chosen.from.slice(chosen.from.lastIndexOf('@') + 1)
  const address = `${chosen.to.join(', ')} by ${chosen.host}:${chosen.port}`
  const recipients = new Recipients(chosen.to)
  return {
    name,
    address,
    render: (page) => mailBody(page, domain),
    async send(body, key, signal) {
      try {
        const transport = await transportOptions(chosen)
        if (typeof transport === 'string') return { ok: false, retry: true, error: transport }
        const envelope = { from: chosen.from, to: [...recipients.waiting(key)] }
        const refusals = await withinLimit(context.clock, signal, (stop) =>
          submit(transport, JSON.parse(body) as MailBody, envelope, chosen, context.clock, stop),
        )
        return recipients.settle(key, refusals)
      } catch (error) {
        const outcome = failure(error, chosen, signal)
        if (!outcome.ok && !outcome.retry) recipients.forget(key)
        return outcome
      }
    },
  }
}

/** A string is what has to be mended before anything can be sent. */
async function transportOptions(chosen: EmailOptions): Promise<SMTPTransportOptions | string> {
  const { user, tls } = chosen
  const secret =
    user === undefined
      ? null
      : await readSecret({ file: chosen.password_file, env: chosen.password_env })
  if (secret !== null && !secret.ok) return secret.fault
  const authority = await readAuthority(chosen.ca_file)
  if (typeof authority === 'string') return authority
  return {
    host: chosen.host,
    port: chosen.port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    tls: { rejectUnauthorized: true, minVersion: 'TLSv1.2', ...authority },
    // Without forceAuth a server that offers no log-in would be given the message unasked.
    ...(secret === null ? {} : { auth: { user, pass: secret.value }, forceAuth: true }),
    connectionTimeout: stepLimitMs,
    greetingTimeout: stepLimitMs,
    dnsTimeout: stepLimitMs,
    // A filter may think long about a message that is taken in the end: giving up early would send
    // it twice.
    socketTimeout: timeLimitMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

/** The certificate authority to trust instead of the system's; a string is the fault. */
async function readAuthority(path: string | undefined): Promise<{ ca?: Buffer } | string> {
  if (path === undefined) return {}
  try {
    return { ca: await readFile(path) }
  } catch (error) {
    return `${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown'}`
  }
}

/** One conversation. @returns Who was refused; everybody else has the message. @throws when nobody
 *  has it. */
async function submit(
  transport: SMTPTransportOptions,
  body: MailBody,
  envelope: { readonly from: string; readonly to: string[] },
  chosen: EmailOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly Refusal[]> {
  const { createTransport } = await import('nodemailer')
  try {
    const sent = await createTransport(transport).sendMail({
      envelope,
      from: { name: 'lastpush', address: chosen.from },
      to: chosen.to,
      subject: body.subject,
      messageId: body.messageId,
      ...(body.inReplyTo === null
        ? {}
        : { inReplyTo: body.inReplyTo, references: [body.inReplyTo] }),
      date: new Date(clock.now()),
      // RFC 3834: so that no absence note answers.
      headers: { 'Auto-Submitted': 'auto-generated' },
      text: body.text,
      html: body.html,
      textEncoding: 'quoted-printable',
      disableFileAccess: true,
      disableUrlAccess: true,
      signal,
    })
    return (sent.rejectedErrors ?? []).map(refusalOf)
  } catch (error) {
    const { rejectedErrors = [] } = error as { rejectedErrors?: readonly Error[] }
    if (rejectedErrors.length === 0) throw error
    return rejectedErrors.map(refusalOf)
  }
}

class TooLong extends Error {}

async function withinLimit<T>(
  clock: Clock,
  signal: AbortSignal,
  work: (stop: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  const limit = new AbortController()
  void clock.sleep(timeLimitMs, over.signal).then(() => limit.abort())
  try {
    return await work(AbortSignal.any([signal, limit.signal]))
  } catch (error) {
    if (limit.signal.aborted && !signal.aborted) {
      throw new TooLong(`it took longer than ${timeLimitMs / 1_000} s`)
    }
    throw error
  } finally {
    over.abort()
  }
}

function failure(error: unknown, { host, port }: EmailOptions, signal: AbortSignal): Outcome {
  const why = signal.aborted ? 'stopped' : wordsOf(error as Error)
  const told = cut(`${host}:${port}: ${why}`, errorCharactersMax)
  return { ok: false, retry: !refusalOf(error as Error).isFinal, error: told }
}

/** OpenSSL wraps its few words in addresses and source lines of its own. */
function wordsOf({ message }: Error): string {
  const [, words] = /:error:[0-9A-F]+:SSL routines:[^:]*:([^:]+):/.exec(message) ?? []
  return words === undefined ? message : `TLS: ${words}`
}

/** `receivers test NAME`: sends one receiver a page that says it is a test, and then its end, so
 *  that a way to people can be tried before it is needed. It goes past daemon, store and outbox: one
 *  attempt each, whose outcome is printed. */
import { buildReceivers } from '../daemon/receivers.ts'
import { isoTime } from '../flow/time.ts'
import { shortHash, type Alert } from '../model/alert.ts'
import { LastpushError } from '../model/errors.ts'
import { visible } from '../model/escape.ts'
import type { Page, Receiver } from '../receivers/receiver.ts'
import { configOf } from './engine.ts'
import { print, type AddCommand, type Io } from './io.ts'

interface TestOptions {
  readonly config?: string
}

const help = `
Exit status:
  0  both were taken
  1  one was not taken; the sentence says why
  2  no receiver has this name, or the configuration has a fault

Example:
  lastpush receivers test oncall -c lastpush.yaml
`

export const addReceivers: AddCommand = (program, io) => {
  const receivers = program.command('receivers').summary('try the ways to people')
  receivers
    .command('test')
    .summary('send a receiver a test page and its end')
    .argument('<name>', 'the receiver, as the configuration names it')
    .option('-c, --config <file>', 'lastpush.yaml')
    .addHelpText('after', help)
    .action((name: string, options: TestOptions) => testReceiver(io, name, options))
}

async function testReceiver(io: Io, name: string, options: TestOptions): Promise<void> {
  const context = { clock: io.clock, screen: io.out }
  const receivers = buildReceivers(configOf(options), context).map((each) => each.receiver)
  const receiver = receivers.find((each) => each.name === name)
  if (receiver === undefined) {
    const known = receivers.map((each) => each.name).join(', ')
    throw new LastpushError('USAGE', `no receiver is named ${name}; known are ${known}`)
  }
  try {
    for (const page of testPages(name, io.clock.now())) {
      if (await isTaken(io, receiver, page)) continue
      io.exitCode = 1
      return
    }
  } finally {
    await receiver.close?.()
  }
}

async function isTaken(io: Io, receiver: Receiver, page: Page): Promise<boolean> {
  const what = page.status === 'firing' ? 'test page' : 'its end'
  const where = `${receiver.name} (${visible(receiver.address)})`
  const outcome = await receiver.send(receiver.render(page), page.key, new AbortController().signal)
  if (outcome.ok) {
    print(io, `${where}: ${what} delivered`)
    return true
  }
  const then = outcome.retry ? 'the daemon would try again' : 'the daemon would not try again'
  print(io, `${where}: ${what} not delivered: ${visible(outcome.error)}; ${then}`)
  return false
}

/** A page about nothing, and its end: marked as a test in everything that people or programs read. */
export function testPages(receiver: string, nowMs: number): readonly Page[] {
  const id = shortHash(['test', receiver, isoTime(nowMs)])
  const alert: Alert = {
    rule: 'test',
    labels: { service: 'lastpush', env: 'test', severity: 'info' },
    state: 'firing',
    acknowledged: false,
    muted: false,
    nodata: false,
    startsAt: isoTime(nowMs),
    endsAt: null,
    sha: null,
    deploy: null,
    fixedBy: null,
    suspects: [],
    value: null,
    threshold: null,
    summary: `this is a test of the receiver ${receiver}; nothing is wrong`,
    samples: ['TEST a line of a log would stand here'],
    fingerprint: id,
  }
  const page: Page = {
    key: `${id}-0`,
    receiver,
    groupKey: id,
    groupLabels: { test: 'true' },
    reason: 'firing',
    status: 'firing',
    alerts: [alert],
    more: 0,
    deploys: new Map(),
    fixes: new Map(),
    url: '',
  }
  const ended: Alert = { ...alert, state: 'resolved', endsAt: isoTime(nowMs) }
  return [
    page,
    { ...page, key: `${id}-1`, reason: 'resolved', status: 'resolved', alerts: [ended] },
  ]
}

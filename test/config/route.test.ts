/** Routes of lastpush.yaml: what they inherit, and what is at fault in them. */
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { faultLine, LastpushError } from '../../src/model/errors.ts'

const receivers = 'receivers: { chat: { console: {} }, oncall: { console: {} } }'

function faultsOf(yaml: string): string[] {
  try {
    parseConfig('/etc/lastpush.yaml', yaml, '/etc')
    return []
  } catch (error) {
    if (!(error instanceof LastpushError)) throw error
    return error.faults.map(faultLine)
  }
}

describe('routes', () => {
  test('take from the route above what they leave out', () => {
    const { routing } = parseConfig(
      '/etc/lastpush.yaml',
      `${receivers}
route:
  receiver: chat
  group_wait: 5s
  routes:
    - { match: 'severity:page', receiver: oncall, group_by: [service], repeat_interval: 1h }
    - { match: 'env:staging', group_interval: 10m }
`,
      '/etc',
    )
    const otherwise = {
      receiver: 'chat',
      groupBy: ['deploy'],
      groupWaitMs: 5_000,
      groupIntervalMs: 30_000,
      repeatIntervalMs: 14_400_000,
    }
    expect(routing.otherwise).toEqual(otherwise)
    expect(routing.routes.map(({ route }) => route)).toEqual([
      { ...otherwise, receiver: 'oncall', groupBy: ['service'], repeatIntervalMs: 3_600_000 },
      { ...otherwise, groupIntervalMs: 600_000 },
    ])
  })

  test('go to the first receiver where none is named', () => {
    expect(parseConfig('/x.yaml', receivers, '/').routing).toMatchObject({
      routes: [],
      otherwise: { receiver: 'chat' },
    })
  })

  test.each([
    [
      'a receiver that is not there',
      "route:\n  routes:\n    - { match: 'severity:page', receiver: oncal }",
      '/etc/lastpush.yaml:4:43: route.routes[0].receiver: no receiver is named "oncal"; known are chat, oncall',
    ],
    [
      'a query that cannot be read',
      "route:\n  routes:\n    - { match: 'severity:(', receiver: oncall }",
      '/etc/lastpush.yaml:4:27: route.routes[0].match: column 11: a value for severity is missing here',
    ],
    [
      'a repetition without a pause',
      'route: { repeat_interval: 0s }',
      '/etc/lastpush.yaml:2:27: route.repeat_interval: must be at least 1m: people are told again of the same so often',
    ],
    [
      'a repetition within a minute',
      "route:\n  routes:\n    - { match: 'severity:page', repeat_interval: 59s }",
      '/etc/lastpush.yaml:4:50: route.routes[0].repeat_interval: must be at least 1m: people are told again of the same so often',
    ],
    [
      'no query',
      'route:\n  routes:\n    - { receiver: oncall }',
      expect.stringContaining('route.routes[0].match'),
    ],
  ])('%s is told with its place', (_, yaml, expected) => {
    expect(faultsOf(`${receivers}\n${yaml}\n`)).toEqual([expected])
  })
})

import { describe, expect, test } from 'vitest'
import { parseConfig } from '../src/config.ts'
import type { Fault, LastpushError } from '../src/model/errors.ts'

const httpOf = (http: string) =>
  parseConfig('/etc/x/lastpush.yaml', `http: ${http}\n`, '/etc/x').http

function faultsOf(http: string): string[] {
  try {
    httpOf(http)
    return []
  } catch (error) {
    return (error as LastpushError).faults.map(({ place, message }) => `${place.field}: ${message}`)
  }
}

describe('http', () => {
  test('is on loopback without a token unless told otherwise', () => {
    expect(httpOf('{}')).toEqual({ host: '127.0.0.1', port: 7_077, names: [], token: null })
  })

  test('holds the place of the token, a file from the folder of the configuration', () => {
    const file = httpOf('{ host: 0.0.0.0, token_file: token, names: [Logs.Example.com] }')
    expect(file).toEqual({
      host: '0.0.0.0',
      port: 7_077,
      names: ['logs.example.com'],
      token: { file: '/etc/x/token' },
    })
    expect(httpOf('{ token_env: T }').token).toEqual({ env: 'T' })
  })

  test('takes no token itself, one place, and names only with one', () => {
    expect(faultsOf('{ token: 0123456789abcdef }')).toEqual([
      'http.token: is not known here; known are host, port, token_file, token_env, names',
    ])
    expect(faultsOf('{ token_file: a, token_env: B }')).toEqual([
      'http: takes token_file or token_env, not both',
    ])
    expect(faultsOf('{ names: [logs.example.com] }')).toEqual([
      'http.names: names are for people elsewhere: they need token_file or token_env',
    ])
  })

  test.each(['logs.example.com:80', 'https://logs.example.com', '*.example.com', '-', ''])(
    '"%s" is no name',
    (name) => {
      expect(faultsOf(`{ token_env: T, names: ['${name}'] }`)).toEqual([
        expect.stringContaining('is no host name such as logs.example.com'),
      ])
    },
  )
})

test('the faults of all parts are told at once, each at its key, with what was meant', () => {
  const text = `sourcs: []
sources:
  - { fil: a.log }
  - { file: { paths: b.log, from: strat, exclud: c } }
  - { kafka: { topics: 5 } }
receivers:
  team: { email: { hots: mail, user: u } }
  chat: { slak: {} }
route: { receiver: nobody, routes: [{ match: 'severity:page', receiver: team }] }
store: { events: 0s, path: '' }
`
  let faults: readonly Fault[] = []
  try {
    parseConfig('/etc/x/lastpush.yaml', text, '/etc/x')
  } catch (error) {
    faults = (error as LastpushError).faults
  }
  expect(
    faults.map(({ place, message }) => `${place.line}:${place.column} ${place.field}: ${message}`),
  ).toEqual([
    '1:1 sourcs: is not known here; did you mean sources?',
    '3:7 sources[0].fil: is not known here; did you mean file?',
    '4:35 sources[1].file.from: expected end, beginning or checkpoint',
    '4:42 sources[1].file.exclud: is not known here; did you mean exclude?',
    '5:14 sources[2].kafka.brokers: expected a list of brokers',
    '5:24 sources[2].kafka.topics: expected a list of topics',
    '7:18 receivers.team.email.host: is missing; expected text',
    '7:18 receivers.team.email.from: is missing; expected text',
    '7:18 receivers.team.email.to: is missing; expected a list',
    '7:20 receivers.team.email.hots: is not known here; did you mean host?',
    '8:11 receivers.chat.slak: is not known here; did you mean slack?',
    '9:20 route.receiver: no receiver is named "nobody"; known are team, chat',
    '10:18 store.events: expected a duration of more than nothing, such as "5m"',
    '10:28 store.path: expected at least 1 characters, got ""',
  ])
})

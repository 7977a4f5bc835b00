import { describe, expect, test } from 'vitest'
import { parseConfig } from '../src/config.ts'
import type { LastpushError } from '../src/model/errors.ts'

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

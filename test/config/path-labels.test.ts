import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import type { LastpushError } from '../../src/model/errors.ts'
import { settingsOf } from '../../src/sources/settings.ts'

const pattern = '^/srv/(?P<env>staging|production)/(?<service>[^/]+)/(?:(?P<host>[^/]+)/)?'

function faults(source: string) {
  try {
    parseConfig('lastpush.yaml', `sources:\n  - file: a.log\n    ${source}\n`, '/etc')
    return []
  } catch (error) {
    return (error as LastpushError).faults.map(({ place, message }) => [place.line, message])
  }
}

describe('labels from a path', () => {
  test.each([
    ['/srv/staging/shop/app1/x.log', { service: 'shop', env: 'staging', host: 'app1' }],
    ['/srv/production/shop/x.log', { service: 'shop', env: 'production', host: 'here' }],
    ['/var/log/shop/x.log', { service: 'other', env: 'test', host: 'here' }],
  ])('of %s win over the texts, which hold where it names none', (path, labels) => {
    const text = [
      'env: test',
      'sources:',
      '  - file: /srv/**/*.log',
      `    path_labels: '${pattern}'`,
      '    service: other',
      '    host: here',
    ].join('\n')
    const [source] = parseConfig('lastpush.yaml', text, '/etc').sources
    if (source === undefined) throw new Error('no source')
    expect(settingsOf(source.settings, path)).toMatchObject(labels)
  })

  test.each([
    [
      "path_labels: '(?<servce>x)'",
      'no label is called servce; groups are service, env and host; did you mean service?',
    ],
    ["path_labels: '(?<pod>x)'", 'no label is called pod; groups are service, env and host'],
    ["path_labels: '/(x)/'", 'names no label; a group such as (?<service>[^/]+) names one'],
    ["path_labels: '(?<service>x'", 'RE2 refuses the pattern: missing ): (?P<service>x'],
    ["path_labels: '(?=x)(?<service>x)'", 'RE2 refuses the pattern: invalid perl operator: (?='],
  ])('%s is refused at its line', (source, message) => {
    expect(faults(source)).toEqual([[3, message]])
  })
})

import { describe, expect, test } from 'vitest'
import { enrich, type SourceLabels } from '../../src/pipeline/enrich.ts'
import { scopeAt } from '../../src/pipeline/scopes.ts'
import { parseQuery } from '../../src/query/query.ts'
import { shippedParser } from '../parsers/shipped.ts'

const services = [
  { service: 'shop', query: parseQuery('vhost:shop.example.com') },
  { service: 'any', query: parseQuery('vhost:*') },
]

interface Case {
  readonly name: string
  readonly line: Record<string, string>
  readonly label?: string | null
  readonly env?: string
  readonly asked?: boolean
  readonly service: string | null
  readonly inEnv: string
}

const cases: readonly Case[] = [
  { name: 'nobody says: no service', line: {}, service: null, inEnv: 'production' },
  { name: 'the source says', line: {}, label: 'web', service: 'web', inEnv: 'production' },
  { name: 'the line wins over the source', line: { service: 'api' }, label: 'web', service: 'api', inEnv: 'production' },
  { name: 'a query says', line: { vhost: 'shop.example.com' }, asked: true, service: 'shop', inEnv: 'production' },
  { name: 'the first query that matches says', line: { vhost: 'other.example.com' }, asked: true, service: 'any', inEnv: 'production' },
  { name: 'no query matches', line: {}, asked: true, service: null, inEnv: 'production' },
  { name: 'the source wins over queries', line: { vhost: 'shop.example.com' }, label: 'web', asked: true, service: 'web', inEnv: 'production' },
  { name: 'the line wins over queries', line: { vhost: 'shop.example.com', service: 'api' }, asked: true, service: 'api', inEnv: 'production' },
  { name: 'the line names its environment', line: { env: 'staging' }, label: 'web', service: 'web', inEnv: 'staging' },
  { name: 'the source names the environment', line: {}, env: 'canary', service: null, inEnv: 'canary' },
] // prettier-ignore

describe('service and environment of an event', () => {
  test.each(cases)('$name', ({ line, label = null, env = 'production', asked = false, ...wanted }) => {
    const labels: SourceLabels = { source: 's', service: label, env }
    // A second line with other fields, so that no column is the same in every row.
    const lines = [line, { service: 'x', env: 'y' }, {}]
    const text = lines.map((each) => `${JSON.stringify({ message: 'm', ...each })}\n`).join('')
    const columns = shippedParser('json').parse(Buffer.from(text), { zone: 'UTC', open: false })
    const scopes = enrich(columns, labels, asked ? services : [])
    const key = wanted.service === null ? wanted.inEnv : `${wanted.inEnv}\u0000${wanted.service}`
    expect(scopeAt(scopes, 0)).toBe(key)
    expect(columns.fields.get('service')?.text(0) ?? null).toBe(wanted.service)
    expect(columns.fields.get('env')?.text(0)).toBe(wanted.inEnv)
    expect(columns.fields.get('source')?.text(0)).toBe('s')
    expect(scopeAt(scopes, 1)).toBe('y\u0000x')
  }) // prettier-ignore

  test('has the host of its line, else that of the source', () => {
    const text = '{"message":"m","host":"own"}\n{"message":"m"}\n'
    const columns = shippedParser('json').parse(Buffer.from(text), { zone: 'UTC', open: false })
    enrich(columns, { source: 's', service: null, env: 'production', host: 'app1' }, [])
    const host = columns.fields.get('host')
    expect([host?.text(0), host?.text(1)]).toEqual(['own', 'app1'])
  })

  test('is told by the labels alone where no line names anything', () => {
    const columns = shippedParser('json').parse(Buffer.from('{"message":"m"}\n'), {
      zone: 'UTC',
      open: false,
    })
    const scopes = enrich(columns, { source: 's', service: 'web', env: 'production' }, services)
    expect(scopeAt(scopes, 0)).toBe('production\u0000web')
    expect(columns.fields.get('service')?.text(0)).toBe('web')
  })
})

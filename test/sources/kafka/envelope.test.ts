import { describe, expect, test } from 'vitest'
import { unwrap, type Envelope } from '../../../src/sources/kafka/envelope.ts'

/** As the shippers write them, shortened. */
const filebeat = {
  '@timestamp': '2023-11-14T22:13:20.500Z',
  '@metadata': { beat: 'filebeat', type: '_doc', version: '8.11.0' },
  message: '[error] out of memory\n  at main',
  log: { offset: 120, file: { path: '/var/log/app.log' } },
  input: { type: 'filestream' },
  fields: { service: 'shop', env: 'staging' },
  host: { name: 'web-1' },
  agent: { type: 'filebeat', hostname: 'web-1' },
  kubernetes: { namespace: 'default', pod: { name: 'shop-7d' }, container: { name: 'php' } },
}
const vector = {
  message: 'GET /',
  timestamp: '2023-11-14T22:13:20.5Z',
  source_type: 'file',
  file: '/var/log/nginx/access.log',
  host: 'web-2',
}
const fluentBit = {
  '@timestamp': 1700000000.5,
  log: 'GET /cart\n',
  stream: 'stdout',
  kubernetes: {
    pod_name: 'cart-1',
    container_name: 'cart',
    host: 'node-3',
    labels: { app: 'cart' },
  },
}

function read(value: unknown, envelope: Exclude<Envelope, 'none'>) {
  const found = unwrap(
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
    envelope,
  )
  if (typeof found === 'string' || 'reason' in found) return found
  const { line, timeMs, fields } = found
  return { line: line.toString(), timeMs, fields: Object.fromEntries(fields) as object }
}

describe('an envelope', () => {
  test.each(['filebeat', 'auto'] as const)('of Filebeat is opened by %s', (envelope) => {
    expect(read(filebeat, envelope)).toEqual({
      line: '[error] out of memory\n  at main',
      timeMs: 1_700_000_000_500,
      fields: {
        service: 'shop',
        env: 'staging',
        host: 'web-1',
        'log.path': '/var/log/app.log',
        'kubernetes.namespace': 'default',
        'kubernetes.pod': 'shop-7d',
        'kubernetes.container': 'php',
      },
    })
  })

  test.each(['vector', 'auto'] as const)('of Vector is opened by %s', (envelope) => {
    expect(read(vector, envelope)).toEqual({
      line: 'GET /',
      timeMs: 1_700_000_000_500,
      fields: { host: 'web-2', 'log.path': '/var/log/nginx/access.log' },
    })
  })

  test.each(['fluent_bit', 'auto'] as const)('of Fluent Bit is opened by %s', (envelope) => {
    expect(read(fluentBit, envelope)).toEqual({
      line: 'GET /cart\n',
      timeMs: 1_700_000_000_500,
      fields: {
        service: 'cart',
        host: 'node-3',
        'log.stream': 'stdout',
        'kubernetes.pod': 'cart-1',
        'kubernetes.container': 'cart',
      },
    })
  })

  test('may have dots in its keys instead of maps', () => {
    const flat = { message: 'x', 'agent.type': 'filebeat', 'host.name': 'web-1' }
    expect(read(flat, 'auto')).toMatchObject({ line: 'x', fields: { host: 'web-1' } })
  })

  test.each([
    'a plain line',
    '{"level":"error","message":"of the application itself"}',
    '{"log":"no time"}',
    '{ broken',
    '["@timestamp"]',
    '',
  ])('is not seen by auto in %j', (value) => {
    expect(read(value, 'auto')).toBe('as it is')
  })

  test.each([
    ['a plain line', 'it is no JSON object'],
    ['{ broken', 'it is no JSON object'],
    ['[{}]', 'it is no JSON object'],
    ['null', 'it is no JSON object'],
    ['{"message":7}', 'it has no text message'],
    ['{"__proto__":{"message":"x"}}', 'it has no text message'],
    [`{"message":"${'x'.repeat(4_194_304)}"}`, 'it is too large to be unwrapped: 4194318 bytes'],
    [`{"message":${'['.repeat(1_000_000)}`, 'it is no JSON object'],
  ])('that should be there and is not gives a reason', (value, reason) => {
    expect(read(value, 'filebeat')).toEqual({ reason })
  })
})

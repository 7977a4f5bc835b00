import { expect, test } from 'vitest'
import { readLogin, readTls, socketFactory } from '../../../src/sources/kafka/security.ts'
import { reasonOf } from '../../../src/sources/kafka/words.ts'

const open = (host: string, brokers: readonly string[]) =>
  socketFactory(brokers)({ host, port: 9092, ssl: null as never, onConnect: () => {} })

test.each(['169.254.169.254', 'fe80::1'])('a broker cannot send us to %s', (host) => {
  const message = `a broker named the link-local address ${host}`
  expect(() => open(host, ['kafka-1:9092'])).toThrow(message)
})

test('who names a link-local address in the configuration gets it', () => {
  const socket = open('169.254.1.1', ['169.254.1.1:9092'])
  socket.on('error', () => {}).destroy()
  expect(socket.destroyed).toBe(true)
})

test('a name is looked up under the same rule, and other addresses are let through', async () => {
  const socket = open('localhost', ['kafka-1:9092'])
  const error = await new Promise<Error>((resolve) => socket.once('error', resolve))
  socket.destroy()
  expect(error.message).toMatch(/ECONNREFUSED|^$/)
})

test('a password or a certificate that is not there is named by its place', async () => {
  const sasl = { mechanism: 'plain', username: 'u', password_env: 'LASTPUSH_NO_SUCH' } as const
  await expect(readLogin(sasl)).rejects.toThrow('$LASTPUSH_NO_SUCH is not set')
  await expect(readTls({ ca_file: '/no/such.pem' })).rejects.toThrow(
    '/no/such.pem cannot be read: ENOENT',
  )
  expect(await readTls(undefined)).toBeNull()
})

test('a reason is that of the first cause of the client, not of ours', () => {
  const inner = new Error('inner')
  expect(reasonOf(new Error('ours', { cause: inner }))).toBe('ours')
  const outer = Object.assign(new Error('outer', { cause: inner }), { name: 'KafkaJSError' })
  expect(reasonOf(outer)).toBe('inner')
})

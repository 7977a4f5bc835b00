import { expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'

const mail =
  'host: mail, user: u, password_file: smtp.password, ca_file: /ca.pem, from: a@b.c, to: [d@e.f]'

test('files of a receiver are relative to the configuration file, as everything in it is', () => {
  const text = `receivers:\n  team: { email: { ${mail} } }\n  chat: { slack: { url_env: SLACK } }\n`
  const { receivers } = parseConfig('/etc/lastpush/lastpush.yaml', text, '/etc/lastpush')
  expect(receivers.map(({ options }) => options)).toEqual([
    expect.objectContaining({ password_file: '/etc/lastpush/smtp.password', ca_file: '/ca.pem' }),
    { url_env: 'SLACK' },
  ])
})

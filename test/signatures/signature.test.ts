import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maskMessage } from '../../src/signatures/mask.ts'
import { SignatureTable, scopesMax, signatureOf } from '../../src/signatures/signature.ts'

describe('maskMessage', () => {
  test.each([
    // PHP
    ['PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes) in /var/www/app/src/Cart.php on line 42',
      'PHP Fatal error: Allowed memory size of <num> bytes exhausted (tried to allocate <num> bytes) in <path>/Cart.php on line <num>'],
    ["Uncaught PDOException: SQLSTATE[42S02]: Base table or view not found: 1146 Table 'shop.orders' doesn't exist in /var/www/releases/20261123/src/Db.php:118",
      "Uncaught PDOException: SQLSTATE[42S02]: Base table or view not found: <num> Table <str> doesn't exist in <path>/Db.php:<num>"],
    ['Undefined array key "total" in /srv/app/index.php on line 7', 'Undefined array key <str> in <path>/index.php on line <num>'],
    ['#0 /var/www/app/Cart.php(12): App\\Cart->total()', '#<num> <path>/Cart.php(<num>): App\\Cart->total()'],
    ['Twig\\Error in /var/cache/twig/3f/3fa8c1d2e4b5a697.php:55', 'Twig\\Error in <path>/<hex>.php:<num>'],
    ['Call to undefined function mb_strlen()', 'Call to undefined function mb_strlen()'],
    // Apache
    ['[client 203.0.113.9:51234] AH00128: File does not exist: /var/www/wp-login.php', '[client <ip>] AH00128: File does not exist: <path>'],
    ["script '/var/www/html/xmlrpc.php' not found or unable to stat", 'script <str> not found or unable to stat'],
    ["jk2_init() Can't find child 1566 in scoreboard", "jk2_init() Can't find child <num> in scoreboard"],
    ['mod_jk child init 1 -2', 'mod_jk child init <num> <num>'],
    ["AH01071: Got error 'PHP message: PHP Warning:  Undefined variable $x in /srv/a.php on line 3'",
      "AH01071: Got error 'PHP message: PHP Warning: Undefined variable $x in <path>/a.php on line <num>'"],
    // nginx
    ['*1234 open() "/usr/share/nginx/html/favicon.ico" failed (2: No such file or directory)', '*<num> open() <str> failed (<num>: No such file or directory)'],
    ['connect() failed (111: Connection refused) while connecting to upstream, client: 10.0.0.1, server: shop.example.com, request: "GET /cart?id=1 HTTP/1.1", upstream: "http://127.0.0.1:9000/cart"',
      'connect() failed (<num>: Connection refused) while connecting to upstream, client: <ip>, server: shop.example.com, request: <str>, upstream: <str>'],
    ['*5 FastCGI sent in stderr: "PHP message: PHP Fatal error:  boom in /srv/a.php on line 3" while reading response header',
      '*<num> FastCGI sent in stderr: "PHP message: PHP Fatal error: boom in <path>/a.php on line <num>" while reading response header'],
    // The masks one by one
    ['order 8f14e45f-ceea-467f-a0e6-b1e1e2d9a3ca for user1234', 'order <uuid> for user<num>'],
    ['took 1.5s, 16K of 4G in web-03, 1,440 of 2.6.5', 'took <num>, <num> of <num> in web-<num>, <num> of <num>'],
    ['utf8 x86_64 HTTP/1.1 PHP/8.2.1 sha1', 'utf8 x86_64 HTTP/1.1 PHP/<num> sha1'],
    ['x=-5 y=+3 2-4 12%', 'x=<num> y=<num> <num>-<num> <num>%'],
    ['::ffff:10.0.0.1 12:30', '<ip> <num>:<num>'],
    ['peer fe80::1%eth0 [2001:db8::1]:443 via ::1', 'peer <ip> [<ip>]:<num> via <ip>'],
    ['DB::add() App\\Foo::bar std::dead', 'DB::add() App\\Foo::bar std::dead'],
    ['mac 00:1a:2b:3c:4d:5e at 7f3a9c00 sp 0xdeadbeef effaced', 'mac <hex> at <hex> sp <hex> effaced'],
    ['000f0000 - 00100000 - 20480000', '<hex> - <hex> - <num>'],
    ['session kq3v8b2n4d0x7c1m9p5z expired', 'session <hex> expired'],
    ['GET https://api.example.com:8443/v1/users/12?t=x failed', 'GET https://api.example.com<path> failed'],
    ['via http://10.0.0.7:9200', 'via http://<ip>'],
    ['rhost=mail.example.org user=root host=web', 'rhost=<ip> user=root host=web'],
    ['from 24-54-76-216.bflony.adelphia.net', 'from <ip>'],
    ['C:\\xampp\\htdocs\\a.php failed', '<path> failed'],
    ['2026-11-23T14:02:11.123Z 2026-11-23 14:02:11 +0100', '<time> <time>'],
    ['Mon Nov 23 14:02:11 2026 and 23/Nov/2026:14:02:11 +0000', '<time> and <time>'],
    ['Nov  3 14:02:11, 14:02:11.5 since 2026/11/23', '<time>, <time> since <time>'],
    ["it's 5' tall, can't 'see' a quote", "it's <num>' tall, can't <str> a quote"],
    ['say "a \\"b\\" c" now', 'say <str> now'],
    ['  two   spaces\tand\na line ', 'two spaces and a line'],
    ['Größe 12 zu groß: 日本語', 'Größe <num> zu groß: 日本語'],
    ['', ''],
  ])('masks %s', (message, template) => {
    expect(maskMessage(message)).toBe(template)
  }) // prettier-ignore

  test('leaves a template as it is', () => {
    const token = fc.constantFrom(
      ...[
        '10.0.0.1',
        '/a/b.php:12',
        '/a/b',
        '"x y"',
        "can't",
        '42',
        '-7',
        '1.5s',
        'user1234',
        'in',
      ],
      ...['8f14e45f-ceea-467f-a0e6-b1e1e2d9a3ca', '2026-11-23T14:02:11Z', '0xff', 'deadbeef01'],
      ...['https://h.example/a?b', '::1', 'web-03', 'SQLSTATE[23000]', '(x)', 'k=v', 'Mon', 'é'],
    )
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
        const template = maskMessage(tokens.join(' '))
        expect(maskMessage(template)).toBe(template)
      }),
    )
  })

  test('takes any characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (message) => {
        expect(typeof maskMessage(message)).toBe('string')
      }),
    )
  })

  test('masks hostile messages in time that grows with their length', () => {
    const pieces = ['"', "'", ':', '/', '-', '1', 'a', '.', '<', '1:', 'a:', '::', '1.', 'a.', '1,']
    pieces.push('\\"', '/.', "a'", '1-', 'a-', 'a+', 'a1', 'f0', ' 1', '12:12:')
    for (const piece of pieces) {
      for (const tail of ['', 'z', '!', '"']) {
        const message = piece.repeat(2_000 / piece.length) + tail
        // The least of three: CPU time is that of all threads of the process.
        const costs = [1, 2, 3].map(() => {
          const before = process.cpuUsage().user
          maskMessage(message)
          return (process.cpuUsage().user - before) / 1_000
        })
        expect(Math.min(...costs), piece + tail).toBeLessThan(50)
      }
    }
  })
})

describe('signatureOf', () => {
  test('gives the same id on every machine and in every release of the masks', () => {
    expect(signatureOf('child 3 died')).toEqual({
      id: 'd6513a78cfe7',
      template: 'child <num> died',
    })
  })

  test('survives a deploy into another directory and a shift of lines, and tells files apart', () => {
    const at = (path: string, line: number) =>
      signatureOf(`Undefined variable $cart in ${path} on line ${line}`).id
    const before = at('/var/www/releases/20261122/src/Cart.php', 40)
    expect(at('/var/www/releases/20261123/src/Cart.php', 42)).toBe(before)
    expect(at('/var/www/releases/20261123/src/Order.php', 42)).not.toBe(before)
  })

  test('gives one id however many paths a scanner asks for', () => {
    const ids = ['/var/www/a.php', '/var/www/wp/b.php', '/var/www/.env'].map(
      (path) => signatureOf(`File does not exist: ${path}`).id,
    )
    expect(new Set(ids).size).toBe(1)
  })

  test('puts the exception in front unless the message names it', () => {
    expect(signatureOf('boom 3', 'App\\Timeout').template).toBe('App\\Timeout: boom <num>')
    expect(signatureOf('App\\Timeout: boom 3', 'App\\Timeout').template).toBe(
      'App\\Timeout: boom <num>',
    )
  })

  test('looks at the first 2,000 characters and keeps 500 of the template', () => {
    const { template } = signatureOf('word '.repeat(400))
    expect(template).toBe('word '.repeat(100))
    expect(signatureOf(`${'1'.repeat(2_000)} tail`).template).toBe('<hex>')
    expect(signatureOf(`${'x'.repeat(1_999)}😀`).template).toBe('x'.repeat(500))
  })
})

describe('SignatureTable', () => {
  test('counts messages beyond the cap of a scope as other, and keeps known ids', () => {
    const table = new SignatureTable(2)
    expect(table.sign('web', 'one').template).toBe('one')
    expect(table.sign('web', 'two').template).toBe('two')
    expect(table.sign('web', 'three')).toEqual({ id: 'other', template: '(other messages)' })
    expect(table.sign('web', 'one').template).toBe('one')
    expect(table.sign('api', 'three').template).toBe('three')
    expect([table.overflowed, table.size('web'), table.size('api')]).toEqual([1, 2, 1])
  })

  test('knows restored ids, and other is none of them', () => {
    const table = new SignatureTable(1)
    table.restore('web', ['other', signatureOf('one').id])
    expect(table.sign('web', 'one').template).toBe('one')
    expect(table.sign('web', 'two').id).toBe('other')
    expect(table.size('web')).toBe(1)
  })

  test('gives the ids of signatureOf, also when its memory of messages has long run over', () => {
    const table = new SignatureTable(100_000)
    const messages = Array.from({ length: 5_000 }, (_, i) => `word${'abcdefghij'[i % 10]} ${i}`)
    for (const message of [...messages, ...messages]) {
      expect(table.sign('web', message)).toEqual(signatureOf(message))
    }
    expect(table.size('web')).toBe(10)
  })

  test('bounds the scopes too', () => {
    const table = new SignatureTable()
    for (let i = 0; i < scopesMax; i += 1) table.sign(`scope ${i}`, 'one')
    expect(table.sign('one more', 'one').id).toBe('other')
    expect(table.sign('scope 0', 'two').template).toBe('two')
  })
})

/** A line counts when its predicted group holds exactly the lines of its true group. The floors
 *  are what the masks alone reach; users opening sessions, as in the Linux log, they cannot mask. */
test.each([
  ['apache', 1],
  ['linux', 0.44],
])('groups real lines of %s with accuracy of at least %d', (name, floor) => {
  const lines = readFileSync(new URL(`${name}.csv`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
  const rows = lines.slice(2).map((line) => /^(?:"(.*)"|(.*)),(\w+)$/.exec(line))
  const predicted = new Map<string, number[]>()
  const actual = new Map<string, number[]>()
  rows.forEach((row, i) => {
    const message = row?.[1]?.replaceAll('""', '"') ?? row?.[2] ?? ''
    append(predicted, signatureOf(message).id, i)
    append(actual, row?.[3] ?? '', i)
  })
  const truth = new Set([...actual.values()].map(String))
  const right = [...predicted.values()].filter((group) => truth.has(String(group))).flat().length
  expect(rows).toHaveLength(200)
  expect(right / rows.length).toBeGreaterThanOrEqual(floor)
})

function append(groups: Map<string, number[]>, key: string, i: number): void {
  groups.set(key, [...(groups.get(key) ?? []), i])
}

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteMemo, memoBytesMax } from '../../src/signatures/byte-memo.ts'
import { SignatureTable, signatureOf } from '../../src/signatures/signature.ts'

const numRuns = Number(process.env['LASTPUSH_CASES'] ?? 1_000)

/** A signature of a message that lies in a batch, as signing.ts asks for it. */
function sign(table: SignatureTable, message: string, exception: string | null = null) {
  const head = Buffer.from(message)
  const bytes = Buffer.concat([Buffer.from('x '), head, Buffer.from(exception ?? ''), Buffer.from('9 ')]) // prettier-ignore
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = 2 + head.length
  const from = exception === null ? -1 : end
  return table.ofSpan({ bytes, view }, 2, end, from, bytes.length - 2)
}

/** A memo that has seen one message, and what it finds for another. */
function finds(known: string, asked: string): boolean {
  const memo = new ByteMemo<string>()
  const take = (text: string): void => {
    const bytes = Buffer.from(text)
    memo.message(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length)
  }
  take(known)
  memo.add(known)
  take(asked)
  return memo.find() !== undefined
}

describe('the memo of messages', () => {
  test.each([
    ['child 17 died', 'child 42 died', true],
    ['17 died', '42 died', true],
    ['took (170) ms', 'took (428) ms', true],
    ['left: 17', 'left: 42', true],
    ['child 17 died', 'child 171 died', false],
    ['child 17 died', 'child 07 died', false],
    ['child 17 died', 'child 17 lived', false],
    ['order 170000000000000 lost', 'order 280000000000000 lost', false],
    ['utf8 lost', 'utf7 lost', false],
    ['SQLSTATE[17]', 'SQLSTATE[42]', false],
    ['at 17:42', 'at 18:42', false],
    ['v1.17', 'v1.42', false],
  ])('takes %j for %j: %j', (known, asked, same) => {
    expect(finds(known, asked)).toBe(same)
  })

  test('forgets all when it holds too many, and goes on', () => {
    const table = new SignatureTable()
    const message = (n: number): string => `x${n} ${'word '.repeat(40)}`
    for (let n = 0; n < 20_000; n++) {
      const expected = signatureOf(message(n))
      if (n % 97 === 0) expect(sign(table, message(n))).toEqual(expected)
      else sign(table, message(n))
    }
  })

  test('does not slow down for messages of one hash', () => {
    const table = new SignatureTable()
    const message = (n: number): string => `a${n.toString(2).padStart(12, '0').replaceAll('0', 'Aa').replaceAll('1', 'BB')}` // prettier-ignore
    for (let n = 0; n < 4_096; n++) {
      expect(sign(table, message(n)).id).toBe(signatureOf(message(n)).id)
    }
  })

  test('leaves messages alone that are too long', () => {
    const table = new SignatureTable()
    for (const length of [memoBytesMax - 1, memoBytesMax, memoBytesMax + 1, 5_000]) {
      const message = `e ${'é'.repeat(length)} 12`
      expect(sign(table, message)).toEqual(signatureOf(message))
      expect(sign(table, 'boom', `E${'x'.repeat(length)}`)).toEqual(signatureOf('boom', `E${'x'.repeat(length)}`)) // prettier-ignore
    }
  })
})

describe('a signature of bytes', () => {
  const digits = fc.integer({ min: 1, max: 22 }).chain((length) =>
    fc.array(fc.constantFrom(...'0123456789'), { minLength: length, maxLength: length }),
  ).map((each) => each.join('')) // prettier-ignore
  const word = fc.constantFrom(
    ...['Mon', 'Nov', 'Jan', 'Error', 'utf8', 'user', 'host=', 'x=', 'é', 'SQLSTATE[', 'AH', 'HTTP/'],
    ...['/srv/a.php', '/a', 'http://h/', 'C:\\a', 'on line', 'PHP message:', 'dead', 'a.b.c', '::'],
  ) // prettier-ignore
  const mark = fc.constantFrom(...' (=:;|><,.-+/\'"`#[]{}\\\t\n\u00a0', '')
  const token = fc.oneof(digits, word, mark, fc.constant(' '), fc.constant(' 12:34:56'))
  const message = fc.array(token, { maxLength: 14 }).map((tokens) => tokens.join(''))
  const shift = (text: string, by: number): string =>
    text.replace(/\d/g, (digit) => String((Number(digit) + by) % 10))

  test('is that of its text, whatever was signed before', () => {
    const table = new SignatureTable()
    const exception = fc.option(fc.constantFrom('Error', 'E 12', 'Shop\\Gone', 'a.b.c', ''))
    fc.assert(
      fc.property(message, exception, fc.array(fc.nat(9), { maxLength: 4 }), (text, name, shifts) => {
        for (const by of [0, ...shifts]) {
          const shifted = shift(text, by)
          expect(sign(table, shifted, name)).toEqual(signatureOf(shifted, name))
        }
      }), // prettier-ignore
      { numRuns },
    )
  })

  test('is that of its text for any bytes', () => {
    const table = new SignatureTable()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (given) => {
        const bytes = Buffer.from(given)
        const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
        const text = bytes.toString('utf8')
        expect(table.ofSpan({ bytes, view }, 0, bytes.length, -1, -1)).toEqual(signatureOf(text))
      }),
      { numRuns },
    )
  })
})

import { describe, expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import { detectParser } from '../../src/parsers/detect.ts'
import { declared, shipped } from './shipped.ts'

const parsers = [...shipped.values()].map(({ parser }) => parser)

function detected(text: string | Buffer): [string, number, number] {
  const { parser, matched, of } = detectParser(Buffer.from(text), parsers)
  return [parser.name, matched, of]
}

const access = '1.2.3.4 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.1" 200 5'
const trace = 'Stack trace:\n#0 a()\n#1 {main}\n  thrown in /a.php on line 3\n'

describe('detection', () => {
  test.each([...shipped.keys()].filter((name) => name !== 'plain'))(
    'knows the golden file of %s',
    (name) => {
      const file = new URL(`../golden/${name}/input.log`, import.meta.url)
      expect(detected(readFileSync(file))[0]).toBe(name)
    },
  )

  test('of access logs tells the formats apart', () => {
    expect(detected(`${access}\n`)).toEqual(['apache_common', 1, 1])
    expect(detected(`${access} "-" "a"\n`)).toEqual(['apache_combined', 1, 1])
    expect(detected(`${access} "-" "a" 0.005\n`)).toEqual(['nginx_access', 1, 1])
  })

  test('counts a stack trace to its event', () => {
    const head = '[23-Nov-2026 14:02:11 UTC] PHP Fatal error:  Uncaught E: x in /a.php:3\n'
    expect(detected(head + trace)).toEqual(['php_error', 5, 5])
  })

  test('is plain when no parser takes half of the lines', () => {
    expect(detected(`${access}\nfoo\nbar\n`)).toEqual(['plain', 3, 3])
    expect(detected(`${access}\nfoo\n`)).toEqual(['apache_common', 1, 2])
    expect(detected(trace)).toEqual(['plain', 4, 4])
    expect(detected('')).toEqual(['plain', 0, 0])
  })

  test('does not judge empty lines, nor a last line that is cut', () => {
    expect(detected(`\n\n\n${access}\n`)).toEqual(['apache_common', 1, 1])
    expect(detected(`${access}\n1.2.3.4 - -`)).toEqual(['apache_common', 1, 1])
    expect(detected(access)).toEqual(['apache_common', 1, 1])
  })

  test('looks at 50 lines', () => {
    const lines = `${access}\n`.repeat(50) + '{"a":1}\n'.repeat(200)
    expect(detected(lines)).toEqual(['apache_common', 50, 50])
  })

  test("prefers the user's own parser among equals, whatever the order they are given in", () => {
    const own = declared({ patterns: ['(?<message>\\S+) .*'] })
    const rich = declared({ name: 'rich', patterns: ['(?<a>.)(?<b>.)(?<c>.*)'] })
    const line = Buffer.from('foo bar\n')
    expect(detectParser(line, [...parsers, own]).parser.name).toBe('own')
    expect(detectParser(line, [own, ...parsers, rich]).parser.name).toBe('rich')
    expect(detectParser(line, [rich, ...parsers, own]).parser.name).toBe('rich')
  })
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineCutter, lineBytesMax, type Piece } from '../../src/sources/lines.ts'

const show = ({ bytes, start, end, skippedBytes }: Piece) => [
  bytes.toString('latin1'),
  start,
  end,
  skippedBytes,
]

/** Pushes the text cut at the given lengths and shows all pieces. */
function cut(text: string, sizes: readonly number[], limit?: number) {
  const bytes = Buffer.from(text, 'latin1')
  const cutter = new LineCutter(0, limit)
  const pieces: Piece[] = []
  let at = 0
  for (const size of sizes) {
    // The caller reuses its buffer, so what was pushed is overwritten.
    const chunk = Buffer.from(bytes.subarray(at, at + size))
    pieces.push(...cutter.push(chunk))
    chunk.fill(0x21)
    at += size
  }
  pieces.push(...cutter.push(bytes.subarray(at)))
  const rest = cutter.finish(false)
  return { pieces, rest, cutter }
}

/** Lines with their positions, computed the slow way. */
function linesOf(pieces: readonly Piece[]) {
  return pieces.flatMap(({ bytes, start, skippedBytes }) =>
    [...bytes.toString('latin1').matchAll(/[^\n]*\n|[^\n]+$/g)].map((line) => [
      line[0],
      start + line.index,
      skippedBytes,
    ]),
  )
}

describe('LineCutter', () => {
  test('cuts at the last LF and keeps the rest', () => {
    const cutter = new LineCutter()
    expect(cutter.push(Buffer.from('one\ntwo\nthr')).map(show)).toEqual([['one\ntwo\n', 0, 8, 0]])
    expect([cutter.read, cutter.held]).toEqual([11, 3])
    expect(cutter.push(Buffer.from('ee')).map(show)).toEqual([])
    expect(cutter.push(Buffer.from('\n')).map(show)).toEqual([['three\n', 8, 14, 0]])
    expect(cutter.finish(false)).toBeNull()
  })

  test('takes LF alone as the end of a line', () => {
    const { pieces, rest } = cut('a\r\nb\rc\x00d\xe2\x80\xa8e\xff\n', [])
    expect(pieces.map(show)).toEqual([['a\r\nb\rc\x00d\xe2\x80\xa8e\xff\n', 0, 14, 0]])
    expect(rest).toBeNull()
  })

  test('drops a byte order mark at offset 0 and nowhere else', () => {
    const { pieces } = cut('\xef\xbb\xbfone\n\xef\xbb\xbftwo\n', [1, 1])
    expect(pieces.map(show)).toEqual([['one\n\xef\xbb\xbftwo\n', 3, 14, 0]])
    const later = new LineCutter(7)
    expect(later.push(Buffer.from('\ufeffx\n'))[0]?.bytes).toHaveLength(5)
    expect(cut('\xef\xbb\xbf', [2]).rest).toBeNull()
  })

  test.each([
    ['exactly at the limit', 'abcd\nxy\n', [['abcd\nxy\n', 0, 8, 0]]],
    [
      'one byte beyond it',
      'abcde\nxy\n',
      [
        ['abcd\n', 0, 6, 1],
        ['xy\n', 6, 9, 0],
      ],
    ],
    [
      'behind another line',
      'k\nabcdefgh\nxy\n',
      [
        ['k\n', 0, 2, 0],
        ['abcd\n', 2, 11, 4],
        ['xy\n', 11, 14, 0],
      ],
    ],
    [
      'twice in a row',
      'abcdef\nghijkl\n',
      [
        ['abcd\n', 0, 7, 2],
        ['ghij\n', 7, 14, 2],
      ],
    ],
  ])('cuts a line %s', (_name, text, expected) => {
    // prettier-ignore
    expect(cut(text, [...text].map(() => 1), 4).pieces.flatMap((piece) => linesOf([piece]))).toEqual(
      expected.flatMap(([bytes, start, , skipped]) =>
        [...String(bytes).matchAll(/[^\n]*\n/g)].map((line) => [line[0], Number(start) + line.index, skipped]),
      ),
    )
  })

  test('gives an over-long unfinished line at the end with what was skipped of it', () => {
    const cutter = new LineCutter(10, 4)
    expect(cutter.push(Buffer.from('abcdefg'))).toEqual([])
    const rest = cutter.finish(true)
    expect(rest === null ? null : show(rest)).toEqual(['abcd\n', 10, 17, 3])
  })

  test('holds no more than the limit of a 64 MiB line', () => {
    const cutter = new LineCutter()
    const chunk = Buffer.alloc(262_144, 'x')
    const before = process.memoryUsage().arrayBuffers
    for (let i = 0; i < 256; i++) expect(cutter.push(chunk)).toEqual([])
    expect(cutter.held).toBe(lineBytesMax)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * lineBytesMax)
    const [piece] = cutter.push(Buffer.from('\n'))
    expect(piece?.bytes).toHaveLength(lineBytesMax + 1)
    expect([piece?.skippedBytes, piece?.end]).toEqual([63 * 1_048_576, 64 * 1_048_576 + 1])
  })

  test('does not share memory between pieces and later reads', () => {
    const { pieces } = cut('one\ntwo\n', [3, 3])
    expect(pieces.map((piece) => piece.bytes.toString())).toEqual(['one\n', 'two\n'])
  })

  test('yields the same lines wherever the bytes are split', () => {
    const text = fc
      .array(
        fc.constantFrom('a', 'b', '\n', '\n', '\r', '\x00', '\xef', '\xbb', '\xbf', 'abcdefgh'),
      )
      .map((parts) => parts.join(''))
    const limit = fc.integer({ min: 3, max: 12 })
    fc.assert(
      fc.property(text, limit, fc.array(fc.nat(7)), (input, max, sizes) => {
        const { pieces, rest } = cut(input, sizes, max)
        const all = rest === null ? pieces : [...pieces, rest]
        // Oracle: split the whole text at once, then cut each line and drop the mark.
        const expected = [...input.matchAll(/[^\n]*\n|[^\n]+$/g)].flatMap((match) => {
          const content = match[0].replace(/\n$/, '')
          const lf = match[0].slice(content.length)
          const marked = match.index === 0 && content.slice(0, max).startsWith('\xef\xbb\xbf')
          const line = content.slice(marked ? 3 : 0, max) + lf
          const skipped = Math.max(0, content.length - max)
          return line === '' ? [] : [[line, match.index + (marked ? 3 : 0), skipped]]
        })
        expect(linesOf(all)).toEqual(expected)
        for (const [i, piece] of all.entries()) {
          expect(piece.start + piece.bytes.length + piece.skippedBytes).toBe(piece.end)
          if (i > 0) expect(piece.start).toBe(all[i - 1]?.end)
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

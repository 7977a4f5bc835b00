import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cutterOf, type Encoding } from '../../src/sources/encoding.ts'
import type { Piece } from '../../src/sources/lines.ts'
import { file } from '../../src/sources/file.ts'
import { SourceRecorder, until } from '../contract/source.ts'
import { LogDir } from './log-dir.ts'

const none = Buffer.alloc(0)

function encode(text: string, encoding: Encoding): Buffer {
  if (encoding === 'latin1') return Buffer.from(text, 'latin1')
  const bytes = Buffer.from(text, 'utf16le')
  return encoding === 'utf-16be' ? bytes.swap16() : bytes
}

/** Each line as text with its place, and where the piece that ends with it says to resume. */
function cut(bytes: Buffer, size: number, encoding: Encoding) {
  const cutter = cutterOf(encoding, 0, none)
  const pieces: Piece[] = []
  for (let at = 0; at < bytes.length; at += size) {
    pieces.push(...cutter.push(Buffer.from(bytes.subarray(at, at + size))))
  }
  const rest = cutter.finish(true)
  if (rest !== null) pieces.push(rest)
  return { lines: pieces.flatMap(linesOf), read: cutter.read, end: pieces.at(-1)?.end }
}

function linesOf({ bytes, positions = new Float64Array() }: Piece): [string, number][] {
  const lines = bytes.toString().split('\n').slice(0, -1)
  expect(positions).toHaveLength(lines.length)
  return lines.map((line, at) => [line, positions[at] ?? NaN])
}

describe('text of other encodings', () => {
  test.each([
    ['utf-16le', 'a\u0a00\u010a\nä😀\r\n\nrest', [0, 8, 18, 20]],
    ['utf-16be', 'a\u0a00\u010a\nä😀\r\n\nrest', [0, 8, 18, 20]],
    ['utf-16', '\ufeffa\n\u0a0ab\n', [2, 6]],
    ['latin1', 'ä\né\xff\n', [0, 2]],
  ] as const)('%s is cut at its newlines, wherever a read ends', (encoding, text, positions) => {
    const bytes = encode(text, encoding)
    const lines = text.replace('\ufeff', '').split('\n')
    if (lines.at(-1) === '') lines.pop()
    for (const size of [1, 2, 3, 7, 11, 1_000]) {
      expect(cut(bytes, size, encoding)).toEqual({
        lines: lines.map((line, at) => [line, positions[at]]),
        read: bytes.length,
        end: bytes.length,
      })
    }
  })

  test('the mark at the beginning decides on the order of utf-16, without one it is little', () => {
    const big = encode('\ufeffgroß\n', 'utf-16be')
    expect(cut(big, 1, 'utf-16').lines).toEqual([['groß', 2]])
    expect(cut(encode('klein\n', 'utf-16le'), 1, 'utf-16').lines).toEqual([['klein', 0]])
    const later = cutterOf('utf-16', 12, big.subarray(0, 2))
    expect(later.push(encode('x\n', 'utf-16be')).map(({ bytes }) => String(bytes))).toEqual(['x\n'])
  })

  test('half a character and a lone surrogate become U+FFFD and keep their places', () => {
    const bytes = Buffer.concat([encode('a\ud800\nb', 'utf-16le'), Buffer.from('c')])
    expect(cut(bytes, 3, 'utf-16le')).toEqual({
      lines: [
        ['a\ufffd', 0],
        ['b\ufffd', 6],
      ],
      read: 9,
      end: 9,
    })
  })

  test('an over-long line is one line, cut, and the next one has its place', () => {
    const bytes = encode(`${'x'.repeat(1_500_000)}\nnext\n`, 'utf-16le')
    const cutter = cutterOf('utf-16le', 0, none)
    const pieces = [bytes.subarray(0, 999_999), bytes.subarray(999_999)].flatMap((part) =>
      cutter.push(part),
    )
    expect(pieces.map(({ start, end, skippedBytes }) => [start, end, skippedBytes])).toEqual([
      [0, 3_000_002, 1_500_000 - 1_048_576],
      [3_000_002, 3_000_012, 0],
    ])
  })

  test('any text in any encoding gives its lines, split anywhere', () => {
    const line = fc.string({ unit: 'binary' }).map((text) => text.replace(/\n|^\ufeff/g, ''))
    fc.assert(
      fc.property(fc.array(line), fc.integer({ min: 1, max: 9 }), (lines, size) => {
        for (const encoding of ['utf-16le', 'utf-16be'] as const) {
          const text = lines.map((each) => `${each}\n`).join('')
          const found = cut(encode(text, encoding), size, encoding).lines
          expect(found.map(([each]) => each)).toEqual(lines)
          let at = 0
          for (const [index, each] of lines.entries()) {
            expect(found[index]?.[1]).toBe(at)
            at += 2 * each.length + 2
          }
        }
      }),
      { numRuns: 30 },
    )
  })
})

describe('a file source with an encoding', () => {
  test.each(['utf-16le', 'utf-16be', 'utf-16', 'latin1'] as const)(
    '%s goes on after a restart where the last commit was, with the same places',
    async (encoding) => {
      const logs = new LogDir()
      const written = (text: string) => encode(text, encoding)
      const size = encoding === 'latin1' ? 1 : 2
      logs.append('app.log', written('eins\nzwöi\nh'))
      const first = new SourceRecorder().start(logs.source(['app.log'], { encoding }))
      await first.expectLines(['eins', 'zw\xc3\xb6i'])
      await first.stop()
      const rest = written('alb\nvier\n')
      logs.append('app.log', rest.subarray(0, 3))
      const second = new SourceRecorder(first.checkpoints)
      second.start(logs.source(['app.log'], { encoding }))
      await until(() => second.open.size === 1)
      logs.append('app.log', rest.subarray(3))
      await second.expectLines(['halb', 'vier'])
      const positions = second.filled.flatMap(({ lines }) => [...(lines?.positions ?? [])])
      expect(positions).toEqual([10 * size, 15 * size])
      expect([...first.warnings, ...second.warnings]).toEqual([])
    },
  )

  test('begins at the end of its last whole line, counted in characters of two bytes', async () => {
    const logs = new LogDir()
    logs.append('app.log', encode('\ufeffalt\n\u0a00un', 'utf-16be'))
    const recorder = new SourceRecorder()
    recorder.start(logs.source(['app.log'], { from: 'end', encoding: 'utf-16' }))
    await until(() => recorder.batches.length > 0)
    logs.append('app.log', encode('fertig\n', 'utf-16be'))
    await recorder.expectLines([Buffer.from('\u0a00unfertig').toString('latin1')])
    expect(recorder.filled[0]?.start).toBe(10)
  })

  test('reads a file of UTF-16 that was given none as it is, and says what it lacks', async () => {
    const logs = new LogDir()
    logs.append('app.log', encode('\ufeffa\n', 'utf-16le'))
    const recorder = new SourceRecorder().start(logs.source(['app.log']))
    await until(() => recorder.warnings.length > 0)
    expect(recorder.warnings).toEqual([
      'the file is UTF-16; it is read as such with encoding: utf-16',
    ])
  })

  test('refuses one that it does not know, and names the nearest', () => {
    const issues = file.options.safeParse({ paths: '/a', encoding: 'utf16le' }).error?.issues ?? []
    expect(issues.map(({ path, message }) => [path.join('.'), message])).toEqual([
      [
        'encoding',
        'expected one of utf-8, latin1, utf-16le, utf-16be, utf-16; did you mean utf-16le?',
      ],
    ])
  })
})

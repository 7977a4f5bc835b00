import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lineText } from '../../src/model/columns.ts'
import { scopeKey } from '../../src/model/scope.ts'
import { plainParser } from '../../src/parsers/plain.ts'
import { ItemPanes } from '../../src/pipeline/item-panes.ts'
import { oneScope } from '../../src/pipeline/scopes.ts'
import { sampleBytesMax, signRows } from '../../src/pipeline/signing.ts'
import { SignatureTable } from '../../src/signatures/signature.ts'

const scope = scopeKey({ service: 'shop', env: 'production' })

/** Signs lines that all happened at one time. */
function signed(lines: readonly Buffer[], table = new SignatureTable()) {
  const bytes = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]))
  const columns = plainParser('plain').parse(bytes, { zone: 'UTC', open: false })
  const rows = Int32Array.from(lines.keys())
  const time = new Float64Array(lines.length).fill(5_000)
  const timed = { rows, time, late: new Uint8Array(lines.length), lateRows: 0, position: (row: number) => row, continued: new Int32Array(0), heads: new Int32Array(0) } // prettier-ignore
  return { columns, deltas: signRows(columns, timed, oneScope(scope), table, [new ItemPanes()])[0] }
}

test('the sample of a signature is the greatest of its newest lines, whatever bytes they have', () => {
  const part = fc.oneof(
    fc.constantFrom('é', '€', '😀', '\uffff', 'a', '', ' '),
    fc.constantFrom('x'.repeat(sampleBytesMax - 8), 'é'.repeat(sampleBytesMax / 2 - 4)),
  )
  const bad = fc.uint8Array({ maxLength: 3 }).map((bytes) => bytes.filter((byte) => byte !== 10))
  const line = fc.tuple(fc.array(part, { maxLength: 4 }), bad, fc.array(part, { maxLength: 2 }))
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (lines) => {
      const given = lines.map(
        ([head, odd, tail]) =>
        // Most are one quoted string, so that they have one signature.
        Buffer.concat([Buffer.from('a "'), Buffer.from(head.join('')), Buffer.from(odd), Buffer.from(tail.join('') + '"')]), // prettier-ignore
      )
      const { columns, deltas } = signed(given)
      const texts = given.map((_, row) => lineText(columns, row, sampleBytesMax))
      const most = new Map<string, string>()
      for (const [row, text] of texts.entries()) {
        const id = columns.fields.get('signature')?.text(row) ?? ''
        if (text > (most.get(id) ?? '')) most.set(id, text)
      }
      expect(new Map(deltas?.map(({ id, sample }) => [id, sample]))).toEqual(most)
    }),
  )
})

test('messages beyond the bound of a scope are counted together, and told', () => {
  const table = new SignatureTable(2)
  const { columns, deltas } = signed(['a', 'b', 'c', 'd', 'a', 'c'].map((each) => Buffer.from(each)), table) // prettier-ignore
  const ids = [0, 1, 2, 3, 4, 5].map((row) => columns.fields.get('signature')?.text(row))
  expect(ids.map((id) => id === 'other')).toEqual([false, false, true, true, false, true])
  expect(deltas?.map(({ count }) => count)).toEqual([2, 1, 3])
  expect(table.overflowed).toBe(3)
})

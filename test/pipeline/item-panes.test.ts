import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ItemPanes } from '../../src/pipeline/item-panes.ts'

type Addition = readonly [item: string, second: number, count: number, late: number, judged: number]

const additions = fc.array(
  fc.tuple(
    fc.constantFrom('requests ', 'status 200', 'status 500', 'level error', 'signature ab'),
    fc.oneof(fc.nat(20), fc.integer({ min: -50, max: 2_000_000_000 })),
    fc.nat(3),
    fc.nat(3),
    fc.nat(3),
  ),
  { maxLength: 400 },
)

function tableOf(list: readonly Addition[]): ItemPanes {
  const table = new ItemPanes()
  for (const [item, second, ...counts] of list) table.add(table.id(item), second, ...counts)
  return table
}

function content(table: ItemPanes): Record<string, number[]> {
  const found: Record<string, number[]> = {}
  table.each((item, second, count, late, judged) => {
    const key = `${item} @${second}`
    expect(found[key]).toBeUndefined()
    found[key] = [count, late, judged]
  })
  return found
}

/** The same by a plain object. */
function naive(list: readonly Addition[]): Record<string, number[]> {
  const sums: Record<string, number[]> = {}
  for (const [item, second, ...counts] of list) {
    const sum = (sums[`${item} @${second}`] ??= [0, 0, 0])
    counts.forEach((count, index) => (sum[index]! += count))
  }
  return sums
}

test('counts of items by second are those of a plain recount', () => {
  fc.assert(
    fc.property(additions, (list) => {
      expect(content(tableOf(list))).toEqual(naive(list))
    }),
  )
})

test('tables merge to the table of all additions, whatever their items are numbered', () => {
  fc.assert(
    fc.property(additions, fc.nat(400), (list, at) => {
      const table = tableOf(list.slice(at))
      table.merge(tableOf(list.slice(0, at)))
      expect(content(table)).toEqual(naive(list))
    }),
  )
})

test('a second with thousands of items keeps them apart', () => {
  const table = new ItemPanes()
  for (let n = 0; n < 6_000; n++) table.add(table.id(`signature ${n}`), 1_700_000_000, n, 0, 1)
  const found = content(table)
  expect(Object.keys(found)).toHaveLength(6_000)
  expect(found['signature 4711 @1700000000']).toEqual([4711, 0, 1])
})

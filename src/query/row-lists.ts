/** Sets of rows as ascending lists. */

/** Rows that are in both. */
export function intersect(a: Int32Array, b: Int32Array): Int32Array {
  const few = a.length <= b.length ? a : b
  if (few.length === 0) return few
  const many = few === a ? b : a
  const kept = new Int32Array(few.length)
  let count = 0
  let from = 0
  for (let i = 0; i < few.length; i++) {
    const row = few[i]!
    from = firstFrom(many, row, from)
    if (from === many.length) break
    if (many[from] === row) kept[count++] = row
  }
  return count === few.length ? few : kept.subarray(0, count)
}

/** Rows that are in any. */
export function union(lists: readonly Int32Array[]): Int32Array {
  const [first, second] = lists.filter((list) => list.length > 0)
  if (first === undefined) return new Int32Array(0)
  if (second === undefined) return first
  const all = new Int32Array(lists.reduce((sum, list) => sum + list.length, 0))
  let count = 0
  for (const list of lists) {
    all.set(list, count)
    count += list.length
  }
  all.sort()
  let kept = 0
  for (let i = 0; i < all.length; i++) if (i === 0 || all[i] !== all[i - 1]) all[kept++] = all[i]!
  return all.subarray(0, kept)
}

/** Rows of the first that are not in the second, which has no others. */
export function without(rows: Int32Array, taken: Int32Array): Int32Array {
  const left = new Int32Array(rows.length - taken.length)
  let count = 0
  let next = 0
  for (let i = 0; i < rows.length; i++) {
    if (rows[i] === taken[next]) next++
    else left[count++] = rows[i]!
  }
  return left
}

/** First place at or after `from` that has the row or a later one; nearby places are tried first. */
function firstFrom(rows: Int32Array, row: number, from: number): number {
  let step = 1
  let low = from
  while (low + step < rows.length && rows[low + step - 1]! < row) {
    low += step
    step *= 2
  }
  let high = Math.min(low + step, rows.length)
  while (low < high) {
    const middle = (low + high) >>> 1
    if (rows[middle]! < row) low = middle + 1
    else high = middle
  }
  return low
}

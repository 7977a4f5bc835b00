/** Counts the lines of a file that match each of the queries of another, and those that match any,
 *  with the built program's match set alone: no parser, whole lines as messages.
 *  usage: node alert-patterns.mjs QUERIES LOG */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { MatchSet } from '../../dist/modules/query/match-set.js'
import { parseQuery } from '../../dist/modules/query/query.js'

const [queriesFile, log] = process.argv.slice(2)
const texts = readFileSync(queriesFile, 'utf8').trimEnd().split('\n')
const set = new MatchSet(texts.map(parseQuery))
const counts = new Array(texts.length).fill(0)
const linesMax = 65_536
const columns = {
  bytes: Buffer.alloc(262_144),
  rows: 0,
  kind: new Uint8Array(linesMax),
  lineStart: new Int32Array(linesMax),
  lineEnd: new Int32Array(linesMax),
  time: new Float64Array(linesMax),
  fields: new Map(),
}
const all = Int32Array.from({ length: linesMax }, (_, row) => row)
const hit = new Uint8Array(linesMax)
let lines = 0
let any = 0

function count(rows) {
  columns.rows = rows
  lines += rows
  const some = set.match(columns, all.subarray(0, rows))
  const marked = []
  for (const query of some) {
    const found = set.rowsOf(query)
    counts[query] += found.length
    for (const row of found) {
      if (hit[row] === 1) continue
      hit[row] = 1
      marked.push(row)
    }
  }
  any += marked.length
  for (const row of marked) hit[row] = 0
}

const file = openSync(log)
const { bytes } = columns
let held = 0
for (;;) {
  const read = readSync(file, bytes, held, bytes.length - held, null)
  const end = held + read
  let from = 0
  let rows = 0
  for (;;) {
    const lf = bytes.indexOf(10, from)
    if (lf < 0 || lf >= end || rows === linesMax) break
    columns.lineStart[rows] = from
    columns.lineEnd[rows++] = lf
    from = lf + 1
  }
  if (read === 0 && rows === 0) break
  count(rows)
  bytes.copyWithin(0, from, end)
  held = end - from
}
closeSync(file)
console.log(JSON.stringify({ lines, any, counts }))

/** Where the lines of a batch lie. Apart from the parsers, which all split alike: LF alone ends a
 *  line and one CR before it is dropped, so a lone CR or U+2028 is text like any other. */

/** Byte positions of the lines of a batch, without their ends. */
interface Lines {
  readonly rows: number
  readonly lineStart: Int32Array
  readonly lineEnd: Int32Array
}

const LF = 10
const CR = 13

/**
 * Splits a batch; bytes after the last LF are a line of their own.
 * @returns One entry a line; none for no bytes.
 */
export function splitLines(bytes: Buffer): Lines {
  const rows = countLines(bytes)
  const lineStart = new Int32Array(rows)
  const lineEnd = new Int32Array(rows)
  let start = 0
  for (let row = 0; row < rows; row++) {
    const newline = bytes.indexOf(LF, start)
    const stop = newline < 0 ? bytes.length : newline
    lineStart[row] = start
    lineEnd[row] = newline > start && bytes[newline - 1] === CR ? newline - 1 : stop
    start = stop + 1
  }
  return { rows, lineStart, lineEnd }
}

function countLines(bytes: Buffer): number {
  let count = 0
  let start = 0
  while (start < bytes.length) {
    const newline = bytes.indexOf(LF, start)
    count += 1
    if (newline < 0) break
    start = newline + 1
  }
  return count
}

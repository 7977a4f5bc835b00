/** Captured bytes → numbers. Strict, so that a field declared as a number holds nothing else. */

const MINUS = 45
const DOT = 46
const ZERO = 48
const PLUS = 43

/**
 * Decimal digits with an optional sign.
 * @returns undefined when the bytes are no integer; NaN when they are one that a double cannot
 *   hold exactly (beyond 2^53 - 1), which is kept as text only.
 */
export function readInt(bytes: Buffer, start: number, end: number): number | undefined {
  const sign = bytes[start] === MINUS || bytes[start] === PLUS ? 1 : 0
  const value = readDigits(bytes, start + sign, end)
  if (value < 0) return undefined
  if (!Number.isSafeInteger(value)) return NaN
  return bytes[start] === MINUS && value !== 0 ? -value : value
}

/**
 * A decimal number such as `12`, `-0.5` or `1.5e-3`.
 * @returns undefined when the bytes are no such number, NaN when it is beyond the doubles.
 */
export function readFloat(bytes: Buffer, start: number, end: number): number | undefined {
  let dot = start
  while (dot < end && bytes[dot] !== DOT) dot++
  const plain = dot < end ? plainDecimal(bytes, start, dot, end) : undefined
  if (plain !== undefined) return plain
  const text = bytes.toString('latin1', start, end)
  if (!/^[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : NaN
}

/** Digits, dot, digits: exact as long as both are exact doubles (15 digits, at most 22 decimals). */
function plainDecimal(bytes: Buffer, start: number, dot: number, end: number): number | undefined {
  if (end - start > 16) return undefined
  const whole = readDigits(bytes, start, dot)
  const fraction = readDigits(bytes, dot + 1, end)
  if (whole < 0 || fraction < 0) return undefined
  const scale = 10 ** (end - dot - 1)
  return (whole * scale + fraction) / scale
}

/** The value of a run of digits; -1 when it is empty or holds anything else. */
function readDigits(bytes: Buffer, start: number, end: number): number {
  if (end <= start) return -1
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] ?? 0) - ZERO
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

/** What a number of a unit is multiplied by to be milliseconds. */
export const durationFactor = { seconds: 1_000, microseconds: 0.001 } as const

/**
 * A duration in ms, to the microsecond, so that 1.001 s is 1001 ms and not 1000.9999999999999.
 * @returns undefined when the bytes are no number, or one beyond the doubles.
 */
export function readDuration(
  bytes: Buffer,
  start: number,
  end: number,
  unit: keyof typeof durationFactor,
): number | undefined {
  const value = readFloat(bytes, start, end)
  if (value === undefined || Number.isNaN(value)) return undefined
  return Math.round(value * durationFactor[unit] * 1_000) / 1_000
}

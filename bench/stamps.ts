/** Times as logs write them, all UTC. Pure. */

/** `23/Nov/2026:14:02:11 +0000`. @param second s since the epoch. */
export function accessStamp(second: number): string {
  const { day, month, year, time } = parts(second)
  return `${day}/${month}/${year}:${time} +0000`
}

/** `23-Nov-2026 14:02:11 UTC`. @param second s since the epoch. */
export function phpStamp(second: number): string {
  const { day, month, year, time } = parts(second)
  return `${day}-${month}-${year} ${time} UTC`
}

function parts(second: number): { day: string; month: string; year: string; time: string } {
  // `Mon, 23 Nov 2026 14:02:11 GMT`
  const [, day = '', month = '', year = '', time = ''] = new Date(second * 1_000)
    .toUTCString()
    .split(' ')
  return { day, month, year, time }
}

/** Time zones by IANA name: wall time → moment. Knows nothing of text formats.
 *  Offsets come from Intl, which is slow, so they are kept per quarter of an hour: zones have moved
 *  their clocks on quarters only since 1972, Lord Howe's half hour included. */

const QUARTER_MS = 900_000
const DAY_MS = 86_400_000
/** Offsets kept per zone: 42 days of log; then the cache starts anew. */
const quartersMax = 4_096
/** Zone names kept, as they may come from log lines; then the cache starts anew. */
const zonesMax = 256

interface Zone {
  readonly format: Intl.DateTimeFormat
  /** Quarter of wall time → ms that wall time is ahead of UTC. */
  readonly offsets: Map<number, number>
}

const zones = new Map<string, Zone | null>()

/** True for a name such as Europe/Berlin or UTC that this machine knows. */
export function isZone(name: string): boolean {
  return zoneOf(name) !== null
}

/** IANA name of the machine's own zone; UTC where the machine does not know it. */
export function machineZone(): string {
  const name = Intl.DateTimeFormat().resolvedOptions().timeZone
  return isZone(name) ? name : 'UTC'
}

/**
 * The moment at which clocks in a zone show a wall time. Where they show it twice (the end of
 * summer time) the first; where they skip it, as far after the gap as it lies behind its start.
 * @param wall The wall time as if it were UTC, ms since the epoch.
 * @returns ms since the epoch; NaN for an unknown zone.
 */
export function wallToUtc(wall: number, zoneName: string): number {
  if (zoneName === 'UTC') return wall
  const zone = zoneOf(zoneName)
  if (zone === null) return NaN
  const quarter = Math.floor(wall / QUARTER_MS)
  let offset = zone.offsets.get(quarter)
  if (offset === undefined) {
    offset = wallOffset(zone, quarter * QUARTER_MS)
    if (zone.offsets.size >= quartersMax) zone.offsets.clear()
    zone.offsets.set(quarter, offset)
  }
  return wall - offset
}

/** The offset in force a day before answers both odd cases: it is still valid in an overlap, and
 *  carries a time in a gap forward; else the one a day after holds. */
function wallOffset(zone: Zone, wall: number): number {
  const before = utcOffset(zone, wall - DAY_MS)
  if (utcOffset(zone, wall - before) === before) return before
  const after = utcOffset(zone, wall + DAY_MS)
  return utcOffset(zone, wall - after) === after ? after : before
}

/** ms that a zone's clocks are ahead of UTC at a moment. */
function utcOffset(zone: Zone, utc: number): number {
  const name = zone.format.formatToParts(utc).find((part) => part.type === 'timeZoneName')?.value
  const match = /^GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(name ?? '')
  if (match?.[1] === undefined) return 0
  const seconds = Number(match[2]) * 3_600 + Number(match[3]) * 60 + Number(match[4] ?? 0)
  return (match[1] === '-' ? -seconds : seconds) * 1_000
}

function zoneOf(name: string): Zone | null {
  const known = zones.get(name)
  if (known !== undefined) return known
  if (zones.size >= zonesMax) zones.clear()
  const zone = openZone(name)
  zones.set(name, zone)
  return zone
}

function openZone(name: string): Zone | null {
  // Bounds what may come from a log line before Intl sees it.
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]{0,63}$/.test(name)) return null
  try {
    const options = { timeZone: name, timeZoneName: 'longOffset' } as const
    return { format: new Intl.DateTimeFormat('en-US', options), offsets: new Map() }
  } catch {
    return null
  }
}

/** The life of one alert: pending → firing → resolved, as one pure function of what its rule
 *  observed. Only event times move it; who is told, and when, is the dispatcher's. */

/** One onset of an alert while it lives. Plain JSON; times in ms. */
export interface Onset {
  readonly fingerprint: string
  readonly labels: Readonly<Record<string, string>>
  readonly phase: 'pending' | 'firing'
  readonly startsAt: number
  readonly value: number | null
  readonly threshold: number | null
  readonly facts: Readonly<Record<string, string>>
  readonly samples: readonly string[]
  readonly nodata: boolean
  /** The condition has not held since; waiting for keep_firing_for. */
  readonly quietSince: number | null
  /** SHA, deploy and suspects as attributed; ordinal of the next transition. */
  readonly blame: Blame
  readonly ordinal: number
}

/** What an onset is attributed to. */
export interface Blame {
  readonly sha: string | null
  readonly deploy: string | null
  readonly suspects: readonly { readonly sha: string; readonly share: number }[]
  /** SHA that a line of the onset names itself: no deploy report overrules it. */
  readonly named: string | null
  /** Key of the scope whose deploys count: that of the lines, where the rule spans several. */
  readonly scope: string
}

/** What the rule saw at one moment. */
export interface Seen {
  readonly at: number
  readonly holds: boolean
  readonly since?: number
  readonly nodata?: boolean
}

/** Durations of the rule, ms. */
export interface Patience {
  readonly forMs: number
  readonly keepFiringMs: number
}

/** A change that people may have to be told of. */
export interface Change {
  readonly kind: 'firing' | 'resolved'
  readonly at: number
  /** The onset after the change. */
  readonly onset: Onset
  readonly endsAt: number | null
}

export interface Advance {
  readonly onset: Onset | null
  readonly changes: readonly Change[]
}

/** When an onset changes by itself if nothing more is seen; null when never. Without data a pending
 *  one waits: that the condition went on holding is not known. */
export function dueAt(onset: Onset, patience: Patience): number | null {
  if (onset.phase === 'pending') return onset.nodata ? null : onset.startsAt + patience.forMs
  return onset.quietSince === null ? null : onset.quietSince + patience.keepFiringMs
}

/** Lets time alone move an onset, up to and including `until`. */
export function settle(onset: Onset | null, until: number, patience: Patience): Advance {
  if (onset === null) return { onset, changes: [] }
  const due = dueAt(onset, patience)
  if (due === null || due > until) return { onset, changes: [] }
  if (onset.phase === 'pending') {
    const firing: Onset = { ...onset, phase: 'firing' }
    const after = settle(firing, until, patience)
    return {
      onset: after.onset,
      changes: [{ kind: 'firing', at: due, onset: firing, endsAt: null }, ...after.changes],
    }
  }
  return { onset: null, changes: [{ kind: 'resolved', at: due, onset, endsAt: due }] }
}

/**
 * Moves an alert by one observation.
 * @param open Makes the onset when the condition begins to hold; called at most once.
 */
export function observe(
  onset: Onset | null,
  seen: Seen,
  patience: Patience,
  open: (startsAt: number) => Onset,
): Advance {
  const before = settle(onset, seen.holds ? seen.at - 1 : seen.at, patience)
  const now = before.onset
  if (seen.nodata === true) {
    return { onset: now === null ? null : { ...now, nodata: true }, changes: before.changes }
  }
  const after = seen.holds ? hold(now, seen, patience, open) : release(now, seen, patience)
  return { onset: after.onset, changes: [...before.changes, ...after.changes] }
}

function hold(
  onset: Onset | null,
  seen: Seen,
  patience: Patience,
  open: (startsAt: number) => Onset,
): Advance {
  // A pending one that went without data begins again: it was not seen to hold throughout.
  if (onset !== null && !(onset.phase === 'pending' && onset.nodata)) {
    return settle({ ...onset, nodata: false, quietSince: null }, seen.at, patience)
  }
  return settle(open(seen.since ?? seen.at), seen.at, patience)
}

function release(onset: Onset | null, seen: Seen, patience: Patience): Advance {
  if (onset === null || onset.phase === 'pending') return { onset: null, changes: [] }
  const quietSince = onset.quietSince ?? seen.since ?? seen.at
  const quiet: Onset = { ...onset, nodata: false, quietSince }
  if (patience.keepFiringMs > 0) return settle(quiet, seen.at, patience)
  return {
    onset: null,
    changes: [{ kind: 'resolved', at: seen.at, onset: quiet, endsAt: quietSince }],
  }
}

/** What the server needs of the daemon: questions with typed answers, one report, one subscription.
 *  The daemon implements it; the page imports these types. Types only, so that neither side drags
 *  the other in. Times in answers are RFC 3339 UTC with milliseconds unless a name says otherwise. */
import type { Alert } from '../model/alert.ts'
import type { Deploy } from '../model/deploy.ts'
import type { Silence, SilenceState } from '../model/silence.ts'
import type { Verdict } from '../model/verdict.ts'
import type { EventOrder } from '../model/event.ts'
import type { EventDocument } from '../store/events.ts'
import type { StateInfo } from '../store/state.ts'

/** A line that fitted no parser, as `status` shows it; column counts characters from 1. */
export interface UnparsedSample {
  readonly line: string
  readonly reason: string
  readonly column: number
}

/** How far a source is in one partition. */
export interface ReadingStatus {
  /** `open`: read lately; `quiet`: at its end and silent; `rotated`: its file has left its path and
   *  is read to its end; `absent`: there is nothing to read. */
  readonly state: 'open' | 'quiet' | 'rotated' | 'absent'
  /** Where the next line begins: the byte in its file, or the offset in the topic. */
  readonly position: number | null
  /** What is there and not read yet; null where that cannot be known. */
  readonly behindBytes: number | null
  /** Since the end was last reached; 0 there; null where that cannot be known. */
  readonly behindSeconds: number | null
  /** Over the last 10 to 20 s. */
  readonly linesPerSecond: number
}

/** One partition of one source. */
export interface SourceStatus {
  readonly name: string
  /** File path or `topic/partition`. */
  readonly partition: string
  /** null until the format is known. */
  readonly parser: string | null
  readonly service: string | null
  readonly env: string
  readonly lines: number
  readonly events: number
  readonly continued: number
  readonly unparsed: number
  readonly late: number
  /** How far the newest event lies behind the clock, s; null before the first event. */
  readonly lagSeconds: number | null
  /** null where no daemon runs, or the source cannot tell. */
  readonly reading: ReadingStatus | null
  readonly watermark: string | null
  /** What an operator should mend; null when all is well. */
  readonly fault: string | null
  readonly unparsedSamples: readonly UnparsedSample[]
}

export interface RuleStatus {
  readonly name: string
  readonly type: string
  readonly query: string
  /** How many series (rule x group key) it keeps. */
  readonly series: number
}

export interface Status {
  readonly version: string
  readonly sources: readonly SourceStatus[]
  /** Names of the parsers that are loaded. */
  readonly parsers: readonly string[]
  readonly rules: readonly RuleStatus[]
  readonly alerts: { readonly firing: number; readonly pending: number }
  /** How many deploys are kept. */
  readonly deploys: number
  /** How many silences are active. */
  readonly silences: number
  readonly store: StateInfo
  readonly index: IndexStatus
  readonly receivers: readonly ReceiverStatus[]
  /** Log files of this host that were written to lately and that no source reads; empty where no daemon runs. */
  readonly unread: readonly UnreadLog[]
}

/** One receiver, and what it has not taken. */
export interface ReceiverStatus {
  readonly name: string
  /** null: no such receiver is configured any more. */
  readonly kind: string | null
  /** For people, without secrets. */
  readonly address: string | null
  /** What keeps it from being connected; null when all is well or it connects for each page. */
  readonly fault: string | null
  /** Notifications that are tried again, and why the oldest of them was not delivered. */
  readonly waiting: number
  readonly waitingError: string | null
  /** Notifications that it has refused for good, and why the newest of them. */
  readonly parked: number
  readonly parkedError: string | null
}

/** A log file that grows and is not read. */
export interface UnreadLog {
  readonly path: string
  readonly bytes: number
  /** Since the look before, about a minute; null at the first look at it. */
  readonly grewBytes: number | null
}

/** Where events are kept for people to search. */
export interface IndexStatus {
  readonly kind: 'sqlite' | 'elasticsearch'
  /** What keeps events from being indexed or found; null when all is well, as far as is known. */
  readonly fault: string | null
}

/** One signature id in one scope. */
export interface SignatureRow {
  readonly id: string
  readonly group: string
  readonly template: string
  readonly service: string | null
  readonly env: string
  readonly level: string | null
  readonly count: number
  readonly firstSeen: string
  readonly lastSeen: string
  /** The raw line of the newest event. */
  readonly sample: string
}

/** Requests and errors over time: one number a step, the first at `from`. */
export interface Rates {
  readonly from: string
  readonly to: string
  /** Width of one step, s. */
  readonly step: number
  /** Start of each step, s since the epoch. */
  readonly times: readonly number[]
  /** Counts in each step. */
  readonly requests: readonly number[]
  readonly errors: readonly number[]
}

export interface AlertsQuestion {
  readonly state?: Alert['state']
  readonly limit?: number
}

/** A silence and what it is at the moment of the answer. */
export interface SilenceRow extends Silence {
  readonly state: SilenceState
}

/** The answer to who adds a silence, so that one with a misspelt label does not go unnoticed. */
export interface TakenSilence extends SilenceRow {
  /** Alerts that fire now, and how many of them its query picks. */
  readonly firing: number
  readonly picked: number
}

export interface SilencesQuestion {
  readonly state?: SilenceState
}

export interface SinceQuestion {
  /** Id of a deploy, or its SHA; the newest deploy when absent. */
  readonly deploy?: string
  readonly service?: string
  readonly env?: string
}

export interface RatesQuestion {
  /** ms since the epoch, [from, to). */
  readonly from: number
  readonly to: number
  readonly stepSeconds: number
  readonly service?: string
  readonly env?: string
}

export interface EventsQuestion {
  /** A query; every event when absent. */
  readonly q?: string
  /** ms since the epoch, [from, to). */
  readonly from?: number
  readonly to?: number
  /** Id of a deploy, or its SHA: only while it was in effect, in its service and environment. */
  readonly deploy?: string
  readonly service?: string
  readonly env?: string
  readonly limit?: number
  /** Where an earlier answer says to go on. */
  readonly before?: EventOrder
}

/** One event that was found. */
export interface FoundEvent extends Omit<EventDocument, 'time'> {
  readonly time: string
  /** SHA that the line names, else that of the deploy in effect at its time; null when unknown. */
  readonly sha: string | null
  /** Id of the deploy in effect, unless the line names another SHA. */
  readonly deploy: string | null
}

export interface Events {
  /** Newest first. */
  readonly events: readonly FoundEvent[]
  /** How many match in all; null when that is not known. */
  readonly total: number | null
  /** `before` of the question that goes on; null when nothing more matches. */
  readonly next: string | null
}

/** Whether all is well, and if not, why, in sentences. */
export interface Health {
  readonly ok: boolean
  readonly reasons: readonly string[]
}

/** What the stream tells: an alert or a deploy that changed, or that time has moved on. */
export interface ViewEvent {
  readonly type: 'alert' | 'deploy' | 'tick'
  readonly data: unknown
}

export interface View {
  status(): Promise<Status>
  /** What `status` says of the sources, without the rest. */
  sources(): Promise<readonly SourceStatus[]>
  /** Newest first. */
  alerts(question: AlertsQuestion): Promise<readonly Alert[]>
  /** Newest start first. */
  deploys(question: { readonly limit?: number }): Promise<readonly Deploy[]>
  /** Last seen first. */
  signatures(question: { readonly limit?: number }): Promise<readonly SignatureRow[]>
  /** Rejects with DEPLOY_UNKNOWN. */
  since(question: SinceQuestion): Promise<Verdict>
  rates(question: RatesQuestion): Promise<Rates>
  /** Rejects with QUERY_INVALID, DEPLOY_UNKNOWN or a fault of the index. */
  events(question: EventsQuestion): Promise<Events>
  /** Takes a report as it was posted; rejects with DEPLOY_INVALID and its faults. */
  report(deploy: unknown): Promise<Deploy>
  /** Those that are not over and those that ended in the last 30 days; newest start first. */
  silences(question: SilencesQuestion): Promise<readonly SilenceRow[]>
  /** Takes a silence as it was posted; rejects with SILENCE_INVALID and its faults. */
  addSilence(silence: unknown): Promise<TakenSilence>
  /** Ends a silence now; rejects with SILENCE_UNKNOWN. */
  endSilence(id: string): Promise<SilenceRow>
  /** The Prometheus exposition. */
  metricsText(): Promise<string>
  /** The process can do its work. */
  health(): Health
  /** The process has started and answers from a complete state. */
  ready(): Health
  /** Calls the listener until the returned function is called. The listener must not throw. */
  subscribe(listener: (event: ViewEvent) => void): () => void
}

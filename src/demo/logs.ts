/** Where the shop's log lines go, and how a daemon reads them there: files (file-logs.ts) or topics
 *  (kafka-logs.ts). */

export type LogName = 'access' | 'php'

export interface ShopLogs {
  /** For people: `in FOLDER`. */
  readonly place: string
  /** The entries below `sources:` that read them. */
  readonly sources: string
  /** Appends whole lines. @throws LastpushError STORY_FAILED when they cannot be written. */
  write(name: LogName, lines: readonly string[]): Promise<void>
  /** Takes away what removing the demo's folder leaves; never rejects. */
  close(): Promise<void>
}

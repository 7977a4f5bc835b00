/** Which alerts a query picks: those of silences and of routes look at the labels of an alert, and
 *  at the name of its rule as the label `rule`. */
import type { Alert } from '../model/alert.ts'
import { matchLabels } from '../query/match.ts'
import type { Query } from '../query/query.ts'

/** True when the query picks the alert. */
export function picks(query: Query, { labels, rule }: Alert): boolean {
  return matchLabels(query, { rule, ...labels })
}

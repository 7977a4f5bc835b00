/** Labels that routes ask for and no alert can have: a misspelt one picks nothing, or groups by
 *  nothing, without a word. Not a fault: a rule that gives the label may be about to come. */
import type { Routing } from '../alerts/route.ts'
import type { Fault } from '../model/errors.ts'
import { messageField, queryFields } from '../query/query.ts'
import type { Rule } from '../rules/rule.ts'
import { meant } from '../yaml/sentences.ts'

/**
 * One sentence for each such label, with the path of its field in lastpush.yaml.
 * @param rules All that are loaded; with none nothing is said.
 */
export function unknownRouteLabels(
  { routes, otherwise }: Routing,
  rules: readonly Rule[],
): readonly Fault[] {
  if (rules.length === 0) return []
  const given = rules.flatMap(({ by, labels, instance }) => [
    ...by,
    ...Object.keys(labels),
    ...(instance.adds ?? []),
  ])
  const labels = new Set(['severity', ...given])
  // Bare words are looked for in every label.
  const picked = new Set(['rule', messageField, ...labels])
  const grouped = new Set(['deploy', ...labels])
  return [
    ...namesIn(otherwise.groupBy, grouped, (index) => `route.group_by[${index}]`),
    ...routes.flatMap(({ match, route }, at) => [
      ...namesIn([...queryFields(match)], picked, () => `route.routes[${at}].match`),
      ...(route.groupBy === otherwise.groupBy
        ? []
        : namesIn(route.groupBy, grouped, (index) => `route.routes[${at}].group_by[${index}]`)),
    ]),
  ]
}

function namesIn(
  names: readonly string[],
  known: ReadonlySet<string>,
  fieldOf: (index: number) => string,
): Fault[] {
  return names.flatMap((name, index) => {
    if (known.has(name)) return []
    const message = `no rule gives alerts the label ${name}${meant(name, [...known])}`
    return [{ place: { file: '', field: fieldOf(index) }, message }]
  })
}

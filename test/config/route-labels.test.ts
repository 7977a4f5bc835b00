/** Labels of routes that no rule gives. */
import { describe, expect, test } from 'vitest'
import { parseConfig } from '../../src/config.ts'
import { unknownRouteLabels } from '../../src/config/route-labels.ts'
import { ruleOf } from '../rules/rule-of.ts'

const frequency = 'type: frequency\nquery: level:error\nnum_events: 1\ntimeframe: 1m'
const rules = [
  ruleOf(`name: by-host\n${frequency}\nby: [service, host]\nlabels: { team: shop }`),
  ruleOf('name: worse\ntype: regression'),
]

function told(route: string, over = rules): string[] {
  const { routing } = parseConfig('/etc/lastpush.yaml', `route: ${route}\n`, '/etc')
  return unknownRouteLabels(routing, over).map(
    ({ place, message }) => `${place.field ?? ''}: ${message}`,
  )
}

describe('labels of routes', () => {
  test('that a rule gives are known: by, labels, severity, and what its type adds', () => {
    const match = 'service:web AND env:a AND host:b AND team:c AND severity:page AND status:500 AND signature:d AND rule:e AND boom' // prettier-ignore
    const route = `{ group_by: [service, env, deploy, team], routes: [{ match: '${match}' }] }`
    expect(told(route)).toEqual([])
  })

  test('that none gives are told, with the one that was meant', () => {
    const route = "{ group_by: [servcie], routes: [{ match: 'NOT sevrity:page', group_by: [deploy, pod] }] }" // prettier-ignore
    expect(told(route)).toEqual([
      'route.group_by[0]: no rule gives alerts the label servcie; did you mean service?',
      'route.routes[0].match: no rule gives alerts the label sevrity; did you mean severity?',
      'route.routes[0].group_by[1]: no rule gives alerts the label pod',
    ])
  })

  test('are told once where a route takes its grouping from above', () => {
    expect(told("{ group_by: [pod], routes: [{ match: 'service:web' }] }")).toHaveLength(1)
  })

  test('are not judged by rules that are not there', () => {
    expect(told('{ group_by: [pod] }', [])).toEqual([])
  })
})

/** Series are taken when they have something to do, each once. */
import { describe, expect, it } from 'vitest'
import { DueSeries, type Kept } from '../../src/pipeline/due.ts'
import { Series } from '../../src/pipeline/series.ts'
import { emptyPane } from '../../src/windows/window.ts'
import { ruleOf } from '../rules/rule-of.ts'

const rule = ruleOf('name: burst\ntype: frequency\nquery: "*"\nnum_events: 5\ntimeframe: 1m')
const width = rule.instance.inputs.paneMs

function kept(due: DueSeries, order: number, scope = 'web'): Kept {
  const each = {
    series: new Series(rule, {}, scope),
    rule: 0,
    key: `${order}`,
    order,
    due: Infinity,
  }
  due.add(each)
  return each
}

function addPane(due: DueSeries, each: Kept, start: number): void {
  each.series.add(start, emptyPane(1, true))
  due.schedule(each)
}

describe('series that have something to do', () => {
  it('are taken when their first pane has ended, and not before', () => {
    const due = new DueSeries()
    const one = kept(due, 1)
    addPane(due, one, width * 5)
    expect(due.take('web', width * 6 - 1)).toEqual([])
    expect(due.take('web', width * 6)).toEqual([one])
    expect(due.take('web', width * 60)).toEqual([])
  })

  it('are taken earlier when an earlier pane comes, and only once', () => {
    const due = new DueSeries()
    const one = kept(due, 1)
    addPane(due, one, width * 5)
    addPane(due, one, width * 2)
    expect(due.take('web', width * 3)).toEqual([one])
    due.schedule(one)
    expect(due.take('web', width * 9)).toEqual([one])
    expect(due.take('web', width * 9)).toEqual([])
  })

  it('are those of the scope asked about, in any number', () => {
    const due = new DueSeries()
    const many = Array.from({ length: 200 }, (_, n) => kept(due, n))
    const other = kept(due, 999, 'mail')
    addPane(due, other, 0)
    for (const [n, each] of many.entries()) addPane(due, each, width * ((n * 37) % 200))
    const first = due.take('web', width * 100).map(({ order }) => (order * 37) % 200)
    expect(first.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n))
    expect(due.take('web', width * 200)).toHaveLength(100)
    expect(due.take('mail', Infinity)).toEqual([other])
  })

  it('leave no scope behind', () => {
    const due = new DueSeries()
    const one = kept(due, 1)
    expect([...due.scopes()]).toEqual(['web'])
    due.remove(one)
    expect([...due.scopes()]).toEqual([])
  })
})

import { describe, expect, test } from 'vitest'
import { ruleOf } from '../rules/rule-of.ts'
import { after, batchOf, inOrder, line, pipelineOf } from './world.ts'

const boom = { service: 'web', level: 'error', message: 'boom' }
const quiet = { service: 'web', level: 'info', message: 'fine' }

function alertsOf(yaml: string, lines: readonly string[], until?: number) {
  const pipeline = pipelineOf({ rules: [ruleOf(`name: r\n${yaml}`)] })
  pipeline.ingest(batchOf('json', lines))
  pipeline.finish(until)
  return inOrder(pipeline.takeAlerts()).map(({ state, startsAt, endsAt }) =>
    [state, after(startsAt), after(endsAt)].filter((each) => each !== null),
  )
}

const three = 'type: frequency\nquery: level:error\nnum_events: 3\ntimeframe: 10m'
const unseen = 'type: new_signature\nquery: level:error\nlearn: 0'

describe('the end of a log', () => {
  test('the very last event counts', () => {
    const lines = [line(1, boom), line(2, boom), line(2.5, boom)]
    expect(alertsOf(three, lines)).toEqual([['firing', 2.5]])
    expect(alertsOf(unseen, [line(7.25, boom)])).toEqual([['firing', 7.25]])
  })

  test('an alert whose `for` is over at the newest event has fired', () => {
    const lines = [line(0, boom), line(1, boom), line(2, boom)]
    const held = `${three}\nfor: 1m`
    expect(alertsOf(held, [...lines, line(61.999, quiet)])).toEqual([])
    expect(alertsOf(held, [...lines, line(62, quiet)])).toEqual([['firing', 2]])
  })

  test('time goes no further than the newest event', () => {
    const short = 'type: frequency\nquery: level:error\nnum_events: 1\ntimeframe: 30s'
    expect(alertsOf(short, [line(0, boom), line(29.999, quiet)])).toEqual([['firing', 0]])
    expect(alertsOf(short, [line(0, boom), line(30, quiet)])).toEqual([
      ['firing', 0],
      ['resolved', 0, 30],
    ])
  })

  test('a share is judged at the end of whole panes only', () => {
    const share = 'type: percentage_match\nquery: level:*\nmatch_bucket_filter: level:error\nmax_percentage: 5\ntimeframe: 1m'
    expect(alertsOf(share, [line(1, boom), line(1.5, quiet)])).toEqual([])
    expect(alertsOf(share, [line(1, boom), line(2, quiet)])).toEqual([['firing', 2]])
  }) // prettier-ignore

  test('changes nothing that a longer log would not have said as well', () => {
    const lines = [line(1, boom), line(2, boom), line(2.5, boom)]
    const longer = [...lines, line(700, quiet), line(700.5, quiet)]
    expect(alertsOf(three, longer)).toEqual([
      ['firing', 2.5],
      ['resolved', 2.5, 601],
    ])
  })

  test('of an empty log says nothing', () => {
    expect(alertsOf(three, [])).toEqual([])
    expect(alertsOf(three, ['what'])).toEqual([])
  })
})

import { describe, expect, test } from 'vitest'
import { DeployTracker } from '../../src/deploys/tracker.ts'
import type { Deploy } from '../../src/model/deploy.ts'
import type { Pipeline } from '../../src/pipeline.ts'
import { ruleOf } from '../rules/rule-of.ts'
import { after, batchOf, deployAt, line, pipelineOf } from './world.ts'

const boom = { service: 'web', level: 'error', message: 'boom' }
const quiet = { service: 'web', level: 'info', message: 'fine' }
const three = 'type: frequency\nquery: level:error\nnum_events: 3\ntimeframe: 1m'

/** A pipeline with one rule that follows one log, and what it has said. */
function follow(yaml: string, deploys: readonly Deploy[]) {
  const tracker = new DeployTracker()
  const pipeline = pipelineOf({ rules: [ruleOf(`name: r\n${yaml}`)], deploys, tracker })
  const read = (...lines: string[]) => pipeline.ingest(batchOf('json', lines))
  const report = (deploy: Deploy) => {
    const added = tracker.add(deploy)
    for (const touched of added.touched) pipeline.deployChanged(touched, added.from)
  }
  return { pipeline, read, report, said: () => said(pipeline) }
}

/** Transitions of the next commit. */
function said(pipeline: Pipeline) {
  return (pipeline.take()?.transitions ?? []).map(
    ({ kind, alert: { sha, deploy, fixedBy, startsAt } }) =>
      [kind, after(startsAt), sha, deploy, ...(kind === 'resolved' ? [fixedBy] : [])] as const,
  )
}

const errors = [100, 101, 102].map((at) => line(at, boom))
const later = line(140, quiet)

describe('an alert', () => {
  test('names the deploy in effect when it began, and the one that ended it', () => {
    const { read, said } = follow(three, [deployAt('bad0000', 90), deployAt('f1c0000', 120)])
    read(...errors, later, line(200, quiet))
    expect(said()).toEqual([
      ['firing', 102, 'bad0000', 'd-bad0000'],
      ['resolved', 102, 'bad0000', 'd-bad0000', 'f1c0000'],
    ])
  })

  test('a deploy counts from its very start', () => {
    const at = (start: number) => {
      const { read, said } = follow(three, [deployAt('bad0000', start)])
      read(...errors, later)
      return said()[0]?.[2]
    }
    expect([at(102), at(103)]).toEqual(['bad0000', null])
  })

  test('that ended under its own deploy was fixed by nobody known', () => {
    const { read, said } = follow(three, [deployAt('bad0000', 90)])
    read(...errors, later, line(200, quiet))
    expect(said()[1]).toEqual(['resolved', 102, 'bad0000', 'd-bad0000', null])
  })

  test('of which no deploy is known says so', () => {
    const { read, said } = follow(three, [deployAt('else000', 90, { service: 'api' })])
    read(...errors, later)
    expect(said()).toEqual([['firing', 102, null, null]])
  })

  test('without a service takes the newest deploy of any service of its environment', () => {
    const { read, said } = follow(three, [
      deployAt('web0000', 90),
      deployAt('api0000', 95, { service: 'api' }),
      deployAt('test000', 99, { env: 'staging' }),
    ])
    read(...[100, 101, 102].map((at) => line(at, { level: 'error', message: 'boom' })), later)
    expect(said()).toEqual([['firing', 102, 'api0000', 'd-api0000']])
  })

  test('of a rule over all services names the deploy of the service whose line it was', () => {
    const { read, said } = follow(`${three}\nby: []`, [
      deployAt('web0000', 90),
      deployAt('api0000', 95, { service: 'api' }),
    ])
    read(line(100, { ...boom, service: 'api' }), line(101, boom), line(102, boom), later)
    expect(said()).toEqual([['firing', 102, 'web0000', 'd-web0000']])
  })

  test('of a rule over all services names who fixed that service', () => {
    const { read, said } = follow(`${three}\nby: []`, [
      deployAt('web0000', 90),
      deployAt('api0000', 110, { service: 'api' }),
      deployAt('f1c0000', 120),
    ])
    read(...errors, later, line(200, quiet))
    expect(said()[1]).toEqual(['resolved', 102, 'web0000', 'd-web0000', 'f1c0000'])
  })
})

describe('a SHA on the line', () => {
  const named = (sha: string) => [100, 101, 102].map((at) => line(at, { ...boom, sha }))

  test('wins over the deploy in effect', () => {
    const { read, said } = follow(three, [deployAt('old0000', 50), deployAt('new0000', 90)])
    read(...named('old0000'), later)
    expect(said()).toEqual([['firing', 102, 'old0000', 'd-old0000']])
  })

  test('is believed also when no such deploy is known', () => {
    const { read, said } = follow(three, [deployAt('new0000', 90)])
    read(...named('cafe000'), later)
    expect(said()).toEqual([['firing', 102, 'cafe000', null]])
  })

  test('means the deploy of its own service, the newest up to then', () => {
    const { read, said } = follow(three, [
      deployAt('0ldc0de0', 10, { id: 'first' }),
      deployAt('between0', 20, { id: 'second' }),
      deployAt('0ldc0de0', 30, { id: 'third' }),
      deployAt('0ldc0de0', 40, { id: 'other', service: 'api' }),
      deployAt('later000', 400, { id: 'fourth' }),
      deployAt('0ldc0de0', 800, { id: 'fifth' }),
    ])
    read(...named('0ldc0de0'), later)
    expect(said()).toEqual([['firing', 102, '0ldc0de0', 'third']])
  })

  test('may run on a host a little before its deploy is said to begin', () => {
    const { read, said } = follow(three, [deployAt('old0000', 50), deployAt('new0000', 110)])
    read(...named('new0000'), later)
    expect(said()).toEqual([['firing', 102, 'new0000', 'd-new0000']])
  })

  test('is not overruled by a deploy that is reported late, but learns its deploy', () => {
    const { read, report, said } = follow(three, [])
    read(...named('bad0000'), later)
    expect(said()).toEqual([['firing', 102, 'bad0000', null]])
    report(deployAt('else000', 95))
    expect(said()).toEqual([])
    report(deployAt('bad0000', 90))
    expect(said()).toEqual([['updated', 102, 'bad0000', 'd-bad0000']])
  })
})

describe('a deploy that is reported late', () => {
  test('re-attributes a firing alert by an update, not by a new page', () => {
    const { pipeline, read, report, said } = follow(three, [deployAt('old0000', 10)])
    read(...errors, later)
    expect(said()).toEqual([['firing', 102, 'old0000', 'd-old0000']])
    report(deployAt('bad0000', 100))
    const commit = pipeline.take()
    expect(commit?.transitions).toMatchObject([
      { kind: 'updated', alert: { state: 'firing', sha: 'bad0000', suspects: [{}, {}] } },
    ])
    expect(commit?.alerts).toMatchObject([{ sha: 'bad0000', deploy: 'd-bad0000' }])
    expect(commit?.deploys.map(({ sha }) => sha)).toEqual(['bad0000'])
    read(line(200, quiet))
    expect(said()).toEqual([['resolved', 102, 'bad0000', 'd-bad0000', null]])
  })

  test('is told after the firing when both are in one commit, each with an id of its own', () => {
    const { pipeline, read, report } = follow(`${three}\nfor: 10s`, [deployAt('old0000', 10)])
    read(...errors, line(150, quiet))
    report(deployAt('bad0000', 100))
    const transitions = pipeline.take()?.transitions ?? []
    expect(transitions.map(({ kind, alert }) => [kind, alert.sha])).toEqual([
      ['firing', 'old0000'],
      ['updated', 'bad0000'],
    ])
    expect(new Set(transitions.map(({ id }) => id)).size).toBe(2)
  })

  test('says nothing of an alert that is still pending, which then fires with it', () => {
    const { read, report, said } = follow(`${three}\nfor: 50s`, [])
    read(...errors, later)
    report(deployAt('bad0000', 100))
    expect(said()).toEqual([])
    read(line(103, boom), line(185, quiet))
    expect(said()).toEqual([['firing', 102, 'bad0000', 'd-bad0000']])
  })

  test.each([
    ['after the alert began', deployAt('late000', 103)],
    ['in another environment', deployAt('test000', 100, { env: 'staging' })],
    ['of another service', deployAt('api0000', 100, { service: 'api' })],
    ['that failed', deployAt('failed0', 100, { status: 'failed' })],
  ])('changes nothing when it is one %s', (_, deploy) => {
    const { read, report, said } = follow(three, [deployAt('old0000', 10)])
    read(...errors, later)
    said()
    report(deploy)
    expect(said()).toEqual([])
  })

  test('that turns out to have failed gives the alert back to the one before', () => {
    const { read, report, said } = follow(three, [deployAt('old0000', 10), deployAt('bad0000', 100, { status: 'running', end: null })]) // prettier-ignore
    read(...errors, later)
    expect(said()).toEqual([['firing', 102, 'bad0000', 'd-bad0000']])
    report(deployAt('bad0000', 100, { status: 'failed' }))
    expect(said()).toEqual([['updated', 102, 'old0000', 'd-old0000']])
  })
})

/** The page: asks for the data, and lays out header, chart, alerts and what changed. */
import { useMemo, useState } from 'preact/hooks'
import { Alerts } from './alerts.tsx'
import type { Events, Rates, Status } from '../server/view.ts'
import { api } from './api.ts'
import { newestFirst, newestStarted } from './attribution.ts'
import { Header } from './header.tsx'
import { askedRange, stepFor } from './rates.ts'
import { eventLimits, Search } from './search.tsx'
import { SinceLastPush } from './since.tsx'
import { Timeline } from './timeline.tsx'
import { type News, type Resource, useNews, useNow, useResource } from './use-data.ts'
import { useView } from './use-view.ts'
import { around, shownRange, type View } from './view-url.ts'

export function App() {
  const [view, go] = useView()
  const nowMs = useNow()
  const news = useNews()
  const status = useStatus(news)
  // Also without news: for the alerts' values, and for what a missed event would have said.
  const facts = useResource(
    'facts',
    news.alert + news.deploy + Math.floor(news.tick / 5),
    api.alertsAndDeploys,
  )
  const known = useMemo(() => newestFirst(facts.data?.deploys ?? []), [facts.data])
  const rates = useRates(view, news, nowMs)
  const search = useSearch(view, news, nowMs)
  const deploy = known.find(({ id }) => id === view.deploy) ?? newestStarted(known, nowMs)
  const since = useResource(
    deploy?.id ?? null,
    news.alert + news.deploy + Math.floor(news.tick / 2),
    (signal) => api.since(deploy?.id ?? '', signal),
  )
  const sources = status.data?.sources ?? null
  const shown = { alerts: facts.data?.alerts ?? [], deploys: known, nowMs }
  const select = (id: string) => go({ ...view, deploy: id })

  return (
    <>
      <Header
        {...shown}
        sources={sources}
        ready={facts.data !== null}
        error={facts.error ?? status.error}
        connection={news.connection}
        version={status.data?.version ?? null}
      />
      <main>
        <Timeline {...shown} view={view} go={go} rates={rates} onSelect={select} />
        <Search view={view} go={go} deploys={known} nowMs={nowMs} {...search} />
        <div class="columns">
          <Alerts {...shown} ready={facts.data !== null} error={facts.error} />
          <SinceLastPush
            deploys={known}
            deploy={deploy}
            ready={facts.data !== null}
            error={facts.error}
            verdict={since}
            nowMs={nowMs}
            onSelect={select}
            onShow={(startMs) => go({ ...view, range: around(startMs, nowMs) })}
          />
        </div>
      </main>
    </>
  )
}

function useStatus(news: News): Resource<Status> {
  return useResource('status', Math.floor(news.tick / 5), api.status)
}

/** Counts for the shown range; a range that has ended is asked for once. */
function useRates(view: View, news: News, nowMs: number): Resource<Rates> {
  const range = shownRange(view, nowMs)
  const step = stepFor(range)
  const growing = range.toMs > nowMs - 60_000
  const key = view.range === null ? 'live' : `${view.range.fromMs}-${view.range.toMs}`
  return useResource(key, growing ? news.tick : 0, (signal) => {
    return api.rates(askedRange(range, step, nowMs), step, signal)
  })
}

/** Events of the shown range; a range that has ended is asked for again only after deploys. */
function useSearch(view: View, news: News, nowMs: number) {
  const [step, setStep] = useState({ query: view.query, at: 0 })
  const at = step.query === view.query ? step.at : 0
  const limit = eventLimits[at] ?? eventLimits[0]
  const range = shownRange(view, nowMs)
  const live = view.range === null ? 'live' : `${view.range.fromMs}-${view.range.toMs}`
  const key = view.query === null ? null : JSON.stringify([view.query, live, limit])
  const growing = range.toMs > nowMs - 60_000
  const version = news.deploy + (growing ? Math.floor(news.tick / 5) : 0)
  const events: Resource<Events> = useResource(key, version, (signal) =>
    api.events(view.query ?? '*', range, limit, signal),
  )
  const last = at + 1 >= eventLimits.length
  return { events, more: last ? null : () => setStep({ query: view.query, at: at + 1 }) }
}

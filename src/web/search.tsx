/** Search: a query over the kept events of the shown time. The query is part of the address, so that
 *  a link shows a colleague the same events. */
import { useEffect, useState } from 'preact/hooks'
import type { Deploy } from '../model/deploy.ts'
import type { Events, FoundEvent } from '../server/view.ts'
import { deployBySha } from './attribution.ts'
import './search.css'
import { Empty, Foreign, Moment, SampleLine, Sha } from './text.tsx'
import type { Resource } from './use-data.ts'
import { queryCharsMax, type View } from './view-url.ts'
import { counted } from './words.ts'

/** Events asked for at first, and by each press of "More" up to the last. */
export const eventLimits = [50, 200, 1_000] as const

interface Props {
  readonly view: View
  readonly go: (view: View) => void
  readonly deploys: readonly Deploy[]
  readonly events: Resource<Events>
  readonly nowMs: number
  /** Asks for more events; null when there is no more to ask for. */
  readonly more: (() => void) | null
}

export function Search(props: Props) {
  const { view, go } = props
  const [text, setText] = useState(view.query ?? '')
  // The back button and links change the query as well.
  useEffect(() => setText(view.query ?? ''), [view.query])
  const search = (event: Event) => {
    event.preventDefault()
    const query = text.trim()
    go({ ...view, query: query === '' ? null : query })
  }
  return (
    <section class="search" aria-labelledby="search-title">
      <h2 id="search-title" class="unseen">
        Search events
      </h2>
      <form role="search" onSubmit={search}>
        <input
          type="search"
          name="q"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          placeholder={'status:500 AND path:/checkout*, "out of memory", NOT level:warn'}
          aria-label="Query"
          maxLength={queryCharsMax}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
        />
        <button type="submit">Search</button>
        {view.query !== null && (
          <button type="button" onClick={() => go({ ...view, query: null })}>
            Clear
          </button>
        )}
      </form>
      {view.query !== null && <Results {...props} />}
    </section>
  )
}

function Results({ events, deploys, nowMs, more }: Props) {
  const { data, error } = events
  if (error !== null) {
    return (
      <p class="failure" role="status" data-testid="search-fault">
        <Foreign text={error} />
      </p>
    )
  }
  if (data === null) return <p class="search-count">Searching</p>
  if (data.events.length === 0) return <Nothing given={data} />
  return (
    <>
      <p class="search-count" role="status" data-testid="search-count">
        {countWords(data)}
      </p>
      <ol class="events" tabIndex={0} aria-label="Events">
        {data.events.map((event) => (
          <Row key={event.id} event={event} deploys={deploys} nowMs={nowMs} />
        ))}
      </ol>
      {data.next !== null && more !== null && (
        <button type="button" class="more-events" onClick={more}>
          Show more
        </button>
      )}
    </>
  )
}

function Nothing({ given }: { given: Events }) {
  if (given.next === null) return <Empty title="No kept event of this time matches." />
  return (
    <Empty title="Nothing found so far.">
      <p>The search was given up before its end: show a shorter time, or name a rarer word.</p>
    </Empty>
  )
}

function countWords({ events, total, next }: Events): string {
  if (next === null) return counted(events.length, 'event')
  if (total === null) return `The newest ${counted(events.length, 'event')}; older ones match too`
  return `The newest ${events.length} of ${counted(total, 'event')}`
}

function Row(props: { event: FoundEvent; deploys: readonly Deploy[]; nowMs: number }) {
  const { event, deploys, nowMs } = props
  const deploy =
    deploys.find(({ id }) => id === event.deploy) ??
    (event.sha === null ? null : deployBySha(event.sha, deploys))
  return (
    <li class="event" data-testid="event">
      <p class="event-facts">
        <Moment at={event.time} nowMs={nowMs} />
        {[event.service, event.level].map(
          (fact) => fact !== null && <Foreign key={fact} text={fact} />,
        )}
        {event.sha !== null && <Sha sha={event.sha} deploy={deploy} />}
      </p>
      <SampleLine text={event.text} />
      {event.stack !== null && (
        <details>
          <summary>{counted(event.stack.split('\n').length, 'more line')}</summary>
          <SampleLine text={event.stack} />
        </details>
      )}
    </li>
  )
}

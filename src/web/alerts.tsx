/** Alerts as cards: those that fire, then pending ones, then resolved ones with what fixed them. */
import type { Alert } from '../model/alert.ts'
import type { Deploy } from '../model/deploy.ts'
import { deployBySha, deployOf } from './attribution.ts'
import { Empty, Failure, Foreign, Moment, SampleLine, Sha } from './text.tsx'
import { counted, durationWords, quantity } from './words.ts'

interface Props {
  readonly alerts: readonly Alert[]
  readonly deploys: readonly Deploy[]
  readonly ready: boolean
  readonly error: string | null
  readonly nowMs: number
}

/** Cards on the page: a war room reads the first few; the API has them all. */
const openCardsMax = 30
const resolvedCardsMax = 8

const weights = { firing: 0, pending: 1, resolved: 2 } as const

export function Alerts(props: Props) {
  const sorted = [...props.alerts].sort(
    (a, b) =>
      weights[a.state] - weights[b.state] || Date.parse(b.startsAt) - Date.parse(a.startsAt),
  )
  const open = sorted.filter((alert) => alert.state !== 'resolved')
  const resolved = sorted.filter((alert) => alert.state === 'resolved')
  const firing = open.filter((alert) => alert.state === 'firing').length
  return (
    <section class="alerts" aria-labelledby="alerts-title">
      <div class="section-head">
        <h2 id="alerts-title">Alerts</h2>
        {firing > 0 && <span class="count bad">{firing} firing</span>}
      </div>
      <Failure what="The alerts" error={props.error} />
      {props.ready && open.length === 0 && (
        <Empty title="No alert is firing.">
          {resolved.length === 0 && (
            <p>
              The shipped rules are watching. Your own go into <code>rules/</code>; try one on old
              logs with <code>lastpush replay RULE.yaml FILES</code>.
            </p>
          )}
        </Empty>
      )}
      <Cards {...props} alerts={open} max={openCardsMax} />
      {resolved.length > 0 && <h3 class="minor-title">Resolved</h3>}
      <Cards {...props} alerts={resolved} max={resolvedCardsMax} />
    </section>
  )
}

function Cards({
  alerts,
  deploys,
  nowMs,
  max,
}: Pick<Props, 'alerts' | 'deploys' | 'nowMs'> & { max: number }) {
  return (
    <>
      {alerts.slice(0, max).map((alert) => (
        <Card
          key={`${alert.fingerprint} ${alert.startsAt}`}
          alert={alert}
          deploys={deploys}
          nowMs={nowMs}
        />
      ))}
      {alerts.length > max && (
        <p class="more">
          {counted(alerts.length - max, 'more alert')}: <code>lastpush status --json</code>
        </p>
      )}
    </>
  )
}

function Card({
  alert,
  deploys,
  nowMs,
}: {
  alert: Alert
  deploys: readonly Deploy[]
  nowMs: number
}) {
  const endMs = alert.endsAt === null ? nowMs : Date.parse(alert.endsAt)
  const lasted = durationWords(endMs - Date.parse(alert.startsAt))
  const labels = Object.entries(alert.labels)
  return (
    <article class={`card ${alert.state}`} data-testid="alert-card" data-state={alert.state}>
      <header class="card-head">
        <span class={`badge ${alert.state}`}>{alert.state}</span>
        {alert.muted && <span class="badge muted">muted</span>}
        {alert.nodata && <span class="badge muted">no data</span>}
        <span class="rule">
          <Foreign text={alert.rule} />
        </span>
        <span class="age">{alert.state === 'resolved' ? `lasted ${lasted}` : `for ${lasted}`}</span>
      </header>
      <h3 class="summary">
        <Foreign text={alert.summary} />
      </h3>
      <Cause alert={alert} deploys={deploys} nowMs={nowMs} />
      <div class="card-facts">
        <Level alert={alert} />
        {labels.length > 0 && (
          <ul class="labels" aria-label="Labels">
            {labels.map(([name, value]) => (
              <li>
                <Foreign text={`${name}=${value}`} />
              </li>
            ))}
          </ul>
        )}
      </div>
      {alert.state !== 'resolved' && alert.samples[0] !== undefined && (
        <SampleLine text={alert.samples[0]} />
      )}
    </article>
  )
}

/** The push that is to blame, since when, and what fixed it. */
function Cause({
  alert,
  deploys,
  nowMs,
}: {
  alert: Alert
  deploys: readonly Deploy[]
  nowMs: number
}) {
  const deploy = deployOf(alert, deploys)
  return (
    <p class="cause">
      {alert.sha === null ? (
        'push unknown'
      ) : (
        <>
          push <Sha sha={alert.sha} deploy={deploy} />
          {deploy?.by != null && (
            <>
              {' by '}
              <Foreign text={deploy.by} />
            </>
          )}
        </>
      )}
      <span class="sep"> · </span>
      {alert.endsAt === null && 'since '}
      <Moment at={alert.startsAt} nowMs={nowMs} />
      {alert.endsAt !== null && (
        <>
          {' to '}
          <Moment at={alert.endsAt} nowMs={nowMs} />
        </>
      )}
      {alert.fixedBy !== null && (
        <span class="fixed-by">
          fixed by <Sha sha={alert.fixedBy} deploy={deployBySha(alert.fixedBy, deploys)} />
        </span>
      )}
    </p>
  )
}

/** Value against threshold, in numbers. */
function Level({ alert }: { alert: Alert }) {
  if (alert.value === null) return null
  return (
    <p class="level">
      <strong>{quantity(alert.value)}</strong>
      {alert.threshold !== null && <> against a limit of {quantity(alert.threshold)}</>}
    </p>
  )
}

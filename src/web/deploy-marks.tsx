/** Deploy lines with their labels, and at the foot of the plot when alerts fired. Colour is
 *  never the only sign: a bad deploy and a fix carry a glyph, and every line a title. */
import type { Alert } from '../model/alert.ts'
import type { Deploy } from '../model/deploy.ts'
import { type DeployRole, roleOf, shortSha } from './attribution.ts'
import type { PlotBox } from './chart-options.ts'
import { placeLabels } from './label-lanes.ts'
import { Foreign, localTime } from './text.tsx'
import type { TimeRange } from './view-url.ts'
import { visible } from './visible.ts'

interface Props {
  readonly alerts: readonly Alert[]
  readonly deploys: readonly Deploy[]
  readonly range: TimeRange
  readonly nowMs: number
  readonly box: PlotBox | null
  readonly onSelect: (deploy: string) => void
}

/** Lines in one chart; the newest ones when there are more. */
const marksMax = 200
const laneHeightPx = 24
const weights: Readonly<Record<DeployRole, number>> = { bad: 2, fix: 1, good: 0 }
const roleWords: Readonly<Record<DeployRole, string>> = {
  bad: 'an alert names it',
  fix: 'fixed an alert',
  good: 'no alert names it',
}

export function DeployMarks({ alerts, deploys, range, nowMs, box, onSelect }: Props) {
  if (box === null) return null
  const toX = (ms: number) => ((ms - range.fromMs) / (range.toMs - range.fromMs)) * box.width
  const marks = deploys
    .map((deploy) => ({ deploy, x: toX(Date.parse(deploy.start)) }))
    .filter(({ x }) => x >= 0 && x <= box.width)
    .slice(0, marksMax)
    .map((mark) => ({ ...mark, role: roleOf(mark.deploy, alerts, deploys) }))
  const places = placeLabels(
    marks.map(({ deploy, x, role }) => ({ x, width: labelWidth(deploy), weight: weights[role] })),
    box.width,
  )
  const lanes = Math.max(1, ...places.map(({ lane }) => (lane ?? 0) + 1))
  const height = lanes * laneHeightPx
  return (
    <>
      <div class="lanes" style={{ height: `${height}px` }} />
      <ul class="marks" aria-label="Pushes" style={over(box, height)}>
        {marks.map(({ deploy, x, role }, index) => {
          const place = places[index] ?? { lane: null, left: 0 }
          const top = (lanes - 1 - (place.lane ?? -1)) * laneHeightPx
          return (
            <li
              key={deploy.id}
              class={`deploy ${role}`}
              style={{ left: `${x}px`, top: `${top}px` }}
              data-testid="deploy-mark"
              data-role={role}
              data-sha={deploy.sha}
              title={markTitle(deploy, role, nowMs)}
            >
              {place.lane !== null && (
                <button
                  type="button"
                  class="deploy-label"
                  style={{ left: `${place.left - x}px`, width: `${labelWidth(deploy)}px` }}
                  onClick={() => onSelect(deploy.id)}
                >
                  {role !== 'good' && <Glyph role={role} />}
                  <Foreign text={labelText(deploy)} />
                </button>
              )}
            </li>
          )
        })}
      </ul>
      <Fires alerts={alerts} box={box} height={height} toX={toX} nowMs={nowMs} />
    </>
  )
}

/** Thin bars at the foot of the plot: when alerts fired. */
function Fires(props: {
  alerts: readonly Alert[]
  box: PlotBox
  height: number
  nowMs: number
  toX: (ms: number) => number
}) {
  const { box, height, toX } = props
  const fired = props.alerts.filter(({ state }) => state !== 'pending').slice(0, marksMax)
  return (
    <div class="fires" style={over(box, height)} aria-hidden="true">
      {fired.map((alert) => {
        const end = alert.endsAt === null ? props.nowMs : Date.parse(alert.endsAt)
        const left = Math.max(0, toX(Date.parse(alert.startsAt)))
        const right = Math.min(box.width, toX(end))
        if (right <= left) return null
        const style = { left: `${left}px`, width: `${Math.max(2, right - left)}px` }
        return <span key={`${alert.fingerprint} ${alert.startsAt}`} class="fire" style={style} />
      })}
    </div>
  )
}

function Glyph({ role }: { role: DeployRole }) {
  return (
    <svg class="glyph" viewBox="0 0 10 10" aria-label={roleWords[role]} role="img">
      <path d={role === 'bad' ? 'M2 2l6 6M8 2l-6 6' : 'M1.5 5.5l2.5 2.5 4.5-6'} />
    </svg>
  )
}

/** The plotting area and the lanes above it. */
function over(box: PlotBox, lanesHeight: number) {
  return {
    left: `${box.left}px`,
    width: `${box.width}px`,
    height: `${lanesHeight + box.top + box.height}px`,
  }
}

const serviceCharactersMax = 14

function labelText(deploy: Deploy): string {
  const service = deploy.service ?? deploy.env
  const short =
    service.length > serviceCharactersMax
      ? `${service.slice(0, serviceCharactersMax - 1)}…`
      : service
  const sha = shortSha(deploy.sha)
  return `${sha.length > 12 ? `${sha.slice(0, 11)}…` : sha} ${short}`
}

/** Room for 11 px monospace, a glyph and the padding: lanes need it before it is drawn. */
function labelWidth(deploy: Deploy): number {
  return Math.ceil(visible(labelText(deploy)).length * 6.65) + 30
}

function markTitle(deploy: Deploy, role: DeployRole, nowMs: number): string {
  const by = deploy.by === null ? '' : ` by ${deploy.by}`
  const of = deploy.service ?? deploy.env
  const at = localTime(Date.parse(deploy.start), nowMs)
  return visible(`${deploy.kind} ${deploy.sha} of ${of}${by} at ${at}: ${roleWords[role]}`)
}

/** The time chart: uPlot draws the rates on a canvas; deploy lines, their labels and the times when
 *  alerts fired are elements above it, so that they can be read, focused and tested. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import uPlot from 'uplot'
import type { Alert } from '../model/alert.ts'
import type { Deploy } from '../model/deploy.ts'
import { chartOptions, type PlotBox } from './chart-options.ts'
import { DeployMarks } from './deploy-marks.tsx'
import type { RateSeries } from './rates.ts'
import type { TimeRange } from './view-url.ts'

interface Props {
  readonly series: RateSeries | null
  readonly range: TimeRange
  readonly nowMs: number
  readonly alerts: readonly Alert[]
  readonly deploys: readonly Deploy[]
  readonly onHover: (index: number | null) => void
  readonly onZoom: (range: TimeRange) => void
  readonly onSelect: (deploy: string) => void
  /** Shown over the plot. */
  readonly children?: ComponentChildren
}

const nothing: uPlot.AlignedData = [[], [], []]

export function Chart(props: Props) {
  const { series, range } = props
  const host = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const latest = useRef(props)
  latest.current = props
  const [box, setBox] = useState<PlotBox | null>(null)

  useEffect(() => {
    const element = host.current
    if (element === null) return
    const options = chartOptions(element.clientWidth, {
      range: () => latest.current.range,
      onHover: (index) => latest.current.onHover(index),
      onZoom: (zoom) => latest.current.onZoom(zoom),
      onBox: setBox,
    })
    const drawn = new uPlot(options, nothing, element)
    plot.current = drawn
    const watch = new ResizeObserver(() => {
      const { width, height } = chartOptions(element.clientWidth)
      drawn.setSize({ width, height })
    })
    watch.observe(element)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    const recolour = () => drawn.redraw(false)
    dark.addEventListener('change', recolour)
    return () => {
      dark.removeEventListener('change', recolour)
      watch.disconnect()
      drawn.destroy()
      plot.current = null
    }
  }, [])

  useEffect(() => {
    plot.current?.setData(
      series === null ? nothing : [[...series.times], [...series.errors], [...series.requests]],
    )
  }, [series, range.fromMs, range.toMs])

  return (
    <div class="chart" data-testid="chart">
      <DeployMarks {...props} box={box} />
      <div class="plot" ref={host} role="img" aria-label={description(props)} />
      {props.children}
    </div>
  )
}

function description({ series, range, deploys }: Props): string {
  const shown = deploys.filter(({ start }) => {
    const ms = Date.parse(start)
    return ms >= range.fromMs && ms <= range.toMs
  })
  const highest = Math.max(0, ...(series?.errors ?? []))
  const rate = `Highest error rate ${highest.toFixed(1)} a second`
  return `Errors and requests a second. ${rate}. Pushes: ${shown.length}.`
}

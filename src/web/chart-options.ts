/** How the chart looks and what it tells its owner. Colours come from the style sheet's properties
 *  at each drawing, so that they follow a change between light and dark. */
import uPlot from 'uplot'
import { scaleTop } from './rates.ts'
import type { TimeRange } from './view-url.ts'
import { quantity } from './words.ts'

/** Where the plotting area lies inside the chart, CSS px. */
export interface PlotBox {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

export interface ChartEvents {
  readonly range: () => TimeRange
  readonly onHover: (index: number | null) => void
  readonly onZoom: (range: TimeRange) => void
  readonly onBox: (box: PlotBox) => void
}

/** A drag shorter than this is a click. */
const dragPxMin = 5
const narrowPx = 600

/** Options for a chart `width` px wide; without events, only the size is of use. */
export function chartOptions(width: number, events?: ChartEvents): uPlot.Options {
  const narrow = width < narrowPx
  const shown = (): uPlot.Range.MinMax => {
    const range = events?.range() ?? { fromMs: 0, toMs: 1_000 }
    return [range.fromMs / 1_000, range.toMs / 1_000]
  }
  return {
    width,
    height: narrow ? 210 : 260,
    padding: [6, 0, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: true, y: false, setScale: false },
      points: { size: 7 },
      bind: { dblclick: () => null },
    },
    scales: {
      x: { time: true, range: shown },
      errors: { range: (_, __, max) => [0, scaleTop(max, 1.12, 2)] },
      requests: { range: (_, __, max) => [0, scaleTop(max, 1.3, 5)] },
    },
    axes: axes(narrow),
    series: series(),
    hooks: events === undefined ? {} : hooks(events),
  }
}

function series(): uPlot.Series[] {
  const stepped = uPlot.paths.stepped?.({ align: 1 })
  const drawn = stepped === undefined ? {} : { paths: stepped }
  const plain = { points: { show: false }, ...drawn }
  return [
    {},
    {
      ...plain,
      scale: 'errors',
      label: 'errors',
      stroke: colour('--error-line'),
      fill: colour('--error-area'),
      width: 1.5,
    },
    {
      ...plain,
      scale: 'requests',
      label: 'requests',
      stroke: colour('--request-line'),
      width: 1.25,
    },
  ]
}

function axes(narrow: boolean): uPlot.Axis[] {
  const font = `11px ${getComputedStyle(document.body).fontFamily}`
  const ink = colour('--ink-faint')
  const grid = { stroke: colour('--grid'), width: 1 }
  const side = { font, ticks: { show: false }, gap: 6, size: 36, space: 44 }
  const values = (_: uPlot, splits: number[]) => splits.map((split) => quantity(split))
  return [
    {
      font,
      stroke: ink,
      grid: { show: false },
      ticks: { stroke: colour('--grid'), width: 1, size: 5 },
      space: narrow ? 70 : 90,
      size: 30,
      values: timeLabels,
    },
    { ...side, scale: 'errors', side: 3, stroke: colour('--error-text'), grid, values },
    { ...side, scale: 'requests', side: 1, stroke: ink, grid: { show: false }, values },
  ]
}

/** "14:05", with seconds where the labels are closer than a minute, a date on long ranges. */
function timeLabels(_: uPlot, splits: number[], __: number, ___: number, step: number): string[] {
  return splits.map((split) => {
    const moment = new Date(split * 1_000)
    const time = moment.toLocaleTimeString('en-GB', {
      hour: '2-digit',
      minute: '2-digit',
      ...(step < 60 ? { second: '2-digit' } : {}),
    })
    const midnight = moment.getHours() === 0 && moment.getMinutes() === 0
    if (step < 86_400 && !(midnight && step >= 3_600)) return time
    return moment.toLocaleDateString('en-GB', { day: 'numeric', month: 'short' })
  })
}

function hooks(events: ChartEvents): uPlot.Hooks.Arrays {
  const tellBox = (plot: uPlot) => {
    const { left, top, width, height } = plot.bbox
    const css = (px: number) => px / devicePixelRatio
    events.onBox({ left: css(left), top: css(top), width: css(width), height: css(height) })
  }
  return {
    ready: [tellBox],
    setSize: [tellBox],
    setCursor: [(plot) => events.onHover(plot.cursor.idx ?? null)],
    setSelect: [
      (plot) => {
        const { left, width } = plot.select
        if (width < dragPxMin) return
        const at = (px: number) => plot.posToVal(px, 'x') * 1_000
        events.onZoom({ fromMs: at(left), toMs: at(left + width) })
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
      },
    ],
  }
}

function colour(property: string): () => string {
  return () => getComputedStyle(document.documentElement).getPropertyValue(property).trim()
}

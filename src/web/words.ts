/** Numbers, durations and evidence as people read them. Pure; the same in every locale, so that two
 *  people who look at one link read the same words. */
import type { UndecidedReason, VerdictItem } from '../model/verdict.ts'

const units: readonly (readonly [string, number])[] = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
  ['s', 1],
]

/** ms → "41 s", "1 min 30 s", "12 min", "2 h 5 min": a second unit only below ten of the first. */
export function durationWords(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  const at = units.findIndex(([, size]) => seconds >= size)
  const [unit, size] = units[at] ?? ['s', 1]
  const whole = Math.floor(seconds / size)
  const next = units[at + 1]
  const rest = next === undefined ? 0 : Math.floor((seconds - whole * size) / next[1])
  if (next === undefined || rest === 0 || whole >= 10) return `${whole} ${unit}`
  return `${whole} ${unit} ${rest} ${next[0]}`
}

/** "41 s ago"; "just now" within the last second and for moments that clocks put in the future. */
export function agoWords(ms: number): string {
  return ms < 1_000 ? 'just now' : `${durationWords(ms)} ago`
}

const threeDigits = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 })
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })

/** Three significant digits below 1,000, whole numbers above, powers of ten from 10 million. */
export function quantity(value: number): string {
  const size = Math.abs(value)
  if (size === 0) return '0'
  if (size < 0.001) return '< 0.001'
  if (size < 1_000) return threeDigits.format(value)
  if (size < 1e7) return whole.format(value)
  return Number.isFinite(value) ? `10^${Math.floor(Math.log10(size))}` : 'beyond counting'
}

/** `count` and its noun: "1 alert", "1,204 alerts". */
export function counted(count: number, noun: string): string {
  return `${whole.format(count)} ${noun}${count === 1 ? '' : 's'}`
}

/** Events a minute; null for an empty stretch. */
export function perMinute(stretch: { count: number; seconds: number }): number | null {
  return stretch.seconds > 0 ? (stretch.count * 60) / stretch.seconds : null
}

/** "×14 (9.8 to 21)", "gone", or null where there was nothing to compare with. */
export function ratioWords(item: Pick<VerdictItem, 'ratio' | 'interval'>): string | null {
  if (item.ratio === null) return null
  if (item.ratio === 0) return 'gone'
  const ratio = `×${rough(item.ratio)}`
  if (item.interval === null) return ratio
  return `${ratio} (${rough(item.interval[0])} to ${rough(item.interval[1])})`
}

/** Two significant digits: a ratio of counts rarely deserves more. */
function rough(value: number): string {
  return value > 0 && value < 100 ? quantity(Number(value.toPrecision(2))) : quantity(value)
}

/**
 * The strength of an e-value, on the scale of H. Jeffreys, Theory of Probability (1961), App. B.
 * @param evidence E, at least 0: by how much a bet on "something changed" has multiplied its stake.
 */
export function evidenceWords(evidence: number): string {
  if (evidence < 1) return 'no evidence of a change'
  if (evidence < 3.16) return 'hardly any evidence'
  if (evidence < 10) return 'some evidence'
  if (evidence < 31.6) return 'strong evidence'
  return evidence < 100 ? 'very strong evidence' : 'decisive evidence'
}

const reasons: Readonly<Record<UndecidedReason, string>> = {
  'seen once': 'seen only once so far',
  'too early': 'too early to tell',
  blind: 'a source was blind, so lines may be missing',
  inherited: 'was already changing before this push',
}

/** Why an item is undecided. */
export function reasonWords(reason: UndecidedReason | null): string {
  return reason === null ? 'not enough evidence yet' : reasons[reason]
}

/** What an item is about, when it has no template. */
export function itemName(item: Pick<VerdictItem, 'kind' | 'id' | 'template'>): string {
  if (item.template !== null) return item.template
  switch (item.kind) {
    case 'status':
      return `HTTP status ${item.id}`
    case 'level':
      return `level ${item.id}`
    case 'requests':
      return 'all requests'
    case 'signature':
      return item.id
  }
}

/** "Since last push": what is new, worse, fixed or better since a deploy, with counts, rates,
 *  ratio and evidence. What stayed the same is folded away. */
import type { Deploy } from '../model/deploy.ts'
import type { Stretch, Verdict, VerdictClass, VerdictItem } from '../model/verdict.ts'
import { kindWord, shortSha } from './attribution.ts'
import { Empty, Failure, Foreign, Moment, SampleLine, Sha } from './text.tsx'
import type { Resource } from './use-data.ts'
import { visible } from './visible.ts'
import {
  agoWords,
  counted,
  durationWords,
  evidenceWords,
  itemName,
  perMinute,
  quantity,
  ratioWords,
  reasonWords,
} from './words.ts'

interface Props {
  readonly deploys: readonly Deploy[]
  /** The one that is shown. */
  readonly deploy: Deploy | null
  readonly ready: boolean
  /** Why the deploys could not be read. */
  readonly error: string | null
  readonly verdict: Resource<Verdict>
  readonly nowMs: number
  readonly onSelect: (id: string) => void
  readonly onShow: (startMs: number) => void
}

/** Items of one class, and deploys to pick from, that the page shows at most. */
const itemsMax = 40
const deploysMax = 50

const groups: readonly { readonly class: VerdictClass; readonly title: string }[] = [
  { class: 'new', title: 'New' },
  { class: 'worse', title: 'Worse' },
  { class: 'fixed', title: 'Fixed' },
  { class: 'better', title: 'Better' },
  { class: 'undecided', title: 'Undecided' },
  { class: 'same', title: 'Same' },
]

export function SinceLastPush(props: Props) {
  const { deploy, deploys, verdict } = props
  const last = deploy === null || deploy.id === deploys[0]?.id
  return (
    <section class="since" aria-labelledby="since-title">
      <div class="section-head">
        <h2 id="since-title">{last ? 'Since last push' : 'Since an earlier push'}</h2>
        {deploy !== null && <Picker {...props} deploy={deploy} />}
      </div>
      {deploy !== null && <About {...props} deploy={deploy} />}
      <Failure what="The pushes" error={props.error} />
      <Failure what="What changed" error={verdict.error} />
      {props.ready && deploy === null && (
        <Empty title="No push is known yet.">
          <p>Say when code goes out, by hand or from your deploy script:</p>
          <pre class="command">lastpush deploy --sha "$(git rev-parse HEAD)" --service web</pre>
        </Empty>
      )}
      {deploy !== null && verdict.data !== null && <Groups verdict={verdict.data} />}
      {deploy !== null && verdict.data === null && verdict.error === null && (
        <p class="quiet">Counting what came before and after…</p>
      )}
    </section>
  )
}

function Picker({ deploys, deploy, nowMs, onSelect }: Props & { deploy: Deploy }) {
  const shown = deploys.slice(0, deploysMax)
  if (!shown.includes(deploy)) shown.push(deploy)
  return (
    <label class="picker">
      <span class="unseen">Push to compare with</span>
      <select value={deploy.id} onChange={(event) => onSelect(event.currentTarget.value)}>
        {shown.map((one) => (
          <option key={one.id} value={one.id} selected={one.id === deploy.id}>
            {visible(
              [shortSha(one.sha), one.service ?? one.env, one.by]
                .filter((part) => part !== null)
                .join(' · '),
            )}
            {` · ${agoWords(nowMs - Date.parse(one.start))}`}
          </option>
        ))}
      </select>
    </label>
  )
}

/** Which deploy, and how much has been seen on both sides of it. */
function About({ deploy, verdict, nowMs, onShow }: Props & { deploy: Deploy }) {
  const item = verdict.data?.items[0]
  return (
    <p class="about">
      {kindWord(deploy)} <Sha sha={deploy.sha} deploy={deploy} />
      {deploy.by !== null && (
        <>
          {' by '}
          <Foreign text={deploy.by} />
        </>
      )}
      {' at '}
      <Moment at={deploy.start} nowMs={nowMs} />
      {deploy.previous !== null && (
        <>
          , replacing <Sha sha={deploy.previous} />
        </>
      )}
      {item !== undefined && (
        <>
          <span class="sep"> · </span>
          {durationWords(item.after.seconds * 1_000)} after it against{' '}
          {durationWords(item.before.seconds * 1_000)} before
        </>
      )}
      {verdict.data?.state === 'early' && ' · too early for a verdict'}
      {verdict.data?.state === 'final' && ' · final'}{' '}
      <button type="button" class="link" onClick={() => onShow(Date.parse(deploy.start))}>
        Show in chart
      </button>
    </p>
  )
}

function Groups({ verdict }: { verdict: Verdict }) {
  const of = (name: VerdictClass) =>
    verdict.items.filter((item) => item.class === name).sort(byWeight)
  const changed = verdict.items.some(({ class: name }) => name !== 'same' && name !== 'undecided')
  return (
    <>
      {!changed && (
        <Empty
          title={verdict.items.length === 0 ? 'Nothing was logged.' : 'No change is known so far.'}
        />
      )}
      {groups.map((group) => (
        <Group key={group.class} name={group.class} title={group.title} items={of(group.class)} />
      ))}
    </>
  )
}

function Group(props: { name: VerdictClass; title: string; items: readonly VerdictItem[] }) {
  const { items, name, title } = props
  if (items.length === 0) return null
  const list = (
    <ul class="items">
      {items.slice(0, itemsMax).map((item) => (
        <Item key={`${item.kind} ${item.id}`} item={item} />
      ))}
      {items.length > itemsMax && (
        <li class="more">
          {counted(items.length - itemsMax, 'more item')}: <code>lastpush since --json</code>
        </li>
      )}
    </ul>
  )
  const heading = (
    <>
      <span class={`swatch ${name}`} aria-hidden="true" />
      {title} <span class="number">{items.length}</span>
    </>
  )
  if (name !== 'same') {
    return (
      <section class="group" data-class={name}>
        <h3>{heading}</h3>
        {list}
      </section>
    )
  }
  return (
    <details class="group" data-class={name}>
      <summary>{heading}</summary>
      {list}
    </details>
  )
}

function Item({ item }: { item: VerdictItem }) {
  const ratio = ratioWords(item)
  const template = item.template !== null || item.kind === 'signature'
  return (
    <li class={`item ${item.class}`} data-testid="since-item" data-class={item.class}>
      <p class={template ? 'template' : 'template named'}>
        <Foreign text={itemName(item)} />
      </p>
      <p class="measure">
        <Side stretch={item.before} />
        <span class="arrow" aria-label="then">
          →
        </span>
        <Side stretch={item.after} strong />
      </p>
      <p class="reading">
        {ratio !== null && <span class="ratio">{ratio}</span>}
        <span title={evidenceTitle(item)}>{reading(item)}</span>
      </p>
      {item.sample !== null && (
        <details class="evidence">
          <summary>sample line</summary>
          <SampleLine text={item.sample} />
        </details>
      )}
    </li>
  )
}

function Side({ stretch, strong = false }: { stretch: Stretch; strong?: boolean }) {
  const rate = perMinute(stretch)
  const text = rate === null ? 'unknown' : `${quantity(rate)}/min`
  const title = `${counted(stretch.count, 'event')} in ${durationWords(stretch.seconds * 1_000)}`
  return (
    <span class="side" title={title}>
      {strong ? <strong>{text}</strong> : text}{' '}
      <span class="total">{counted(stretch.count, 'event')}</span>
    </span>
  )
}

/** How sure it is, in words. */
function reading(item: VerdictItem): string {
  if (item.class === 'undecided') return reasonWords(item.reason)
  if (item.class === 'new') return `not seen before, ${evidenceWords(item.evidence)}`
  return evidenceWords(item.evidence)
}

function evidenceTitle(item: VerdictItem): string {
  const factor = quantity(item.evidence)
  return `E ${factor}: a bet that something changed would have multiplied its stake by that`
}

/** Strongest evidence first, then the most events. */
function byWeight(a: VerdictItem, b: VerdictItem): number {
  return b.evidence - a.evidence || b.after.count - a.after.count || (a.id < b.id ? -1 : 1)
}

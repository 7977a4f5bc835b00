/** The top of the page: the answer in one sentence, what it rests on, and whether it is current. */
import { useEffect } from 'preact/hooks'
import type { Alert } from '../model/alert.ts'
import type { Deploy } from '../model/deploy.ts'
import type { SourceStatus } from '../server/view.ts'
import { sentence, sentenceText, type Sentence } from './sentence.ts'
import { sourceState } from './sources.ts'
import { Foreign } from './text.tsx'
import type { Connection } from './use-data.ts'
import { visible } from './visible.ts'
import { counted, durationWords } from './words.ts'

interface Props {
  readonly alerts: readonly Alert[]
  readonly deploys: readonly Deploy[]
  /** null: not known yet. */
  readonly sources: readonly SourceStatus[] | null
  readonly ready: boolean
  readonly error: string | null
  readonly connection: Connection
  readonly version: string | null
  readonly nowMs: number
}

export function Header(props: Props) {
  const said = saying(props)
  const still = sentenceText(said, false)
  useEffect(() => {
    document.title = `${said.tone === 'bad' ? '\u25cf ' : ''}${visible(still)} · lastpush`
  }, [said.tone, still])
  return (
    <header class={`top ${said.tone}`}>
      <div class="top-inner">
        <div class="bar">
          <span class="brand" title={props.version === null ? '' : `lastpush ${props.version}`}>
            <Mark /> lastpush
          </span>
          <div class="facts">
            <Sources sources={props.sources} />
            <ConnectionState connection={props.connection} />
          </div>
        </div>
        <h1 class="sentence" data-testid="sentence" data-tone={said.tone}>
          {said.pieces.map((piece) => (
            <span class={`piece-${piece.kind}`}>
              <Foreign text={piece.text} />
            </span>
          ))}
        </h1>
        {/* Read out when it changes, which its age does every second. */}
        <p class="unseen" aria-live="polite">
          {visible(still)}
        </p>
      </div>
    </header>
  )
}

function saying(props: Props): Sentence {
  if (props.ready) return sentence(props)
  const text = props.error === null ? 'Asking lastpush' : `Cannot tell: ${props.error}`
  return { tone: 'unknown', pieces: [{ text, kind: 'plain' }] }
}

function Sources({ sources }: { sources: readonly SourceStatus[] | null }) {
  if (sources === null) return null
  if (sources.length === 0) return <span class="fact">no source</span>
  const states = (['blind', 'live', 'idle'] as const).map((state) => ({
    state,
    of: sources.filter((source) => sourceState(source) === state),
  }))
  return (
    <ul class="sources" aria-label="Sources">
      {states
        .filter(({ of }) => of.length > 0)
        .map(({ state, of }) => (
          <li class="fact" title={of.map(sourceTitle).join('\n')}>
            <span class={`dot ${state}`} aria-hidden="true" />
            <span>
              {of.length === 1 &&
              of[0] !== undefined &&
              (state === 'blind' || sources.length === 1) ? (
                <Foreign text={shortName(of[0].partition)} />
              ) : (
                counted(of.length, 'source')
              )}{' '}
              {state}
            </span>
          </li>
        ))}
    </ul>
  )
}

/** A path's last part: headers are narrow, and the title has the whole. */
function shortName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1) || name
}

function sourceTitle({ partition, fault, lagSeconds }: SourceStatus): string {
  const lag = lagSeconds === null ? 'no line yet' : `${durationWords(lagSeconds * 1_000)} behind`
  return visible(`${partition}: ${fault ?? lag}`)
}

const connectionWords: Readonly<Record<Connection, string>> = {
  connecting: 'connecting',
  live: 'connected',
  lost: 'connection lost, trying again',
}

function ConnectionState({ connection }: { connection: Connection }) {
  return (
    <span class="fact" role="status" data-testid="connection">
      <span class={`dot ${connection}`} aria-hidden="true" />
      {connectionWords[connection]}
    </span>
  )
}

function Mark() {
  return (
    <svg class="mark" viewBox="0 0 20 20" aria-hidden="true">
      <path d="M2 13.5h5l2.6-8 3 8H18" class="mark-line" />
      <path d="M9.6 1.5v17" class="mark-push" />
    </svg>
  )
}

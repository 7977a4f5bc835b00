/** Keeps the page's data fresh: the stream says that something changed, the resources then ask
 *  again. What an event of the stream carries is not used, so that a lost one is never missed. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { streamUrl } from './api.ts'
import { now } from './clock.ts'

export type Connection = 'connecting' | 'live' | 'lost'

/** How much news there has been of each kind; any change means: ask again. */
export interface News {
  readonly connection: Connection
  readonly alert: number
  readonly deploy: number
  readonly tick: number
}

/** Time between looks without news, and before a failed request is tried again. */
const pollMs = 5_000

/** Follows the stream; polls while it is down or has nothing to say. */
export function useNews(): News {
  const [news, setNews] = useState<News>({ connection: 'connecting', alert: 0, deploy: 0, tick: 0 })
  useEffect(() => {
    const more = (kind: 'alert' | 'deploy' | 'tick') =>
      setNews((old) => ({ ...old, [kind]: old[kind] + 1 }))
    const everything = (connection: Connection) =>
      setNews((old) => ({
        connection,
        alert: old.alert + 1,
        deploy: old.deploy + 1,
        tick: old.tick + 1,
      }))
    let heardMs = now()
    let stream = open()
    function open(): EventSource {
      const source = new EventSource(streamUrl)
      source.onopen = () => everything('live')
      source.onerror = () => setNews((old) => ({ ...old, connection: 'lost' }))
      for (const kind of ['alert', 'deploy', 'tick'] as const) {
        source.addEventListener(kind, () => {
          heardMs = now()
          more(kind)
        })
      }
      return source
    }
    const poll = setInterval(() => {
      const live = stream.readyState === EventSource.OPEN
      if (live && now() - heardMs < pollMs) return
      // The browser tries again by itself after a break, but not after a refusal.
      if (stream.readyState === EventSource.CLOSED) stream = open()
      everything(live ? 'live' : 'lost')
    }, pollMs)
    const back = () => {
      if (!document.hidden) everything(stream.readyState === EventSource.OPEN ? 'live' : 'lost')
    }
    document.addEventListener('visibilitychange', back)
    return () => {
      clearInterval(poll)
      document.removeEventListener('visibilitychange', back)
      stream.close()
    }
  }, [])
  return news
}

/** One answer of the API. `data` stays while a newer one is awaited or cannot be had. */
export interface Resource<T> {
  readonly data: T | null
  readonly error: string | null
}

/** Time between two requests for the same thing, at least. */
const gapMs = 500

/**
 * Asks when `key` changes (dropping the old data) and when `version` does (keeping it). At most one
 * request is under way; news that arrives meanwhile leads to exactly one more.
 * @param key null: there is nothing to ask for.
 */
export function useResource<T>(
  key: string | null,
  version: number,
  load: (signal: AbortSignal) => Promise<T>,
): Resource<T> {
  const [state, setState] = useState<Resource<T> & { key: string | null }>(empty(key))
  const loadRef = useRef(load)
  loadRef.current = load
  const again = useRef<() => void>(() => {})

  useEffect(() => {
    if (key === null) return
    const abort = new AbortController()
    let busy = false
    let stale = false
    const ask = () => {
      if (abort.signal.aborted || document.hidden) return
      stale = busy
      if (busy) return
      busy = true
      void loadRef
        .current(abort.signal)
        .then((data) => setState({ key, data, error: null }))
        .catch((error: unknown) => {
          if (abort.signal.aborted) return
          const message = error instanceof Error ? error.message : String(error)
          setState((old) => ({ ...(old.key === key ? old : empty<T>(key)), error: message }))
          setTimeout(ask, pollMs)
        })
        .finally(() =>
          setTimeout(() => {
            busy = false
            if (stale) ask()
          }, gapMs),
        )
    }
    again.current = ask
    ask()
    return () => abort.abort()
  }, [key])

  const first = useRef(true)
  useEffect(() => {
    if (first.current) first.current = false
    else again.current()
  }, [version])

  return state.key === key ? state : empty(key)
}

/** The daemon's time, renewed every second. */
export function useNow(): number {
  const [time, setTime] = useState(now)
  useEffect(() => {
    const timer = setInterval(() => setTime(now()), 1_000)
    return () => clearInterval(timer)
  }, [])
  return time
}

function empty<T>(key: string | null): Resource<T> & { key: string | null } {
  return { key, data: null, error: null }
}

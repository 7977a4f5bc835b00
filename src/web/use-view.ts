/** The view and the address bar, kept equal in both directions. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import { formatView, parseView, type View } from './view-url.ts'

/** The current view, and how to go to another: a step that the browser's back button undoes. */
export function useView(): readonly [View, (view: View) => void] {
  const [view, setView] = useState(() => parseView(location.search))
  useEffect(() => {
    const back = () => setView(parseView(location.search))
    addEventListener('popstate', back)
    return () => removeEventListener('popstate', back)
  }, [])
  const go = useCallback((next: View) => {
    history.pushState(null, '', location.pathname + formatView(next))
    setView(next)
  }, [])
  return [view, go]
}

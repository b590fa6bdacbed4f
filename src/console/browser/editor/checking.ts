import { analyse } from './calls.ts'
import { emptyFields } from './issues.ts'
import type { EditorStore } from './store.ts'

const AFTER_MS = 250

/** Asks the server after each change what is wrong, and what a follower gets. Older answers are dropped. */
export function keepChecked(store: EditorStore): void {
  let asked = ''
  let timer: ReturnType<typeof setTimeout> | undefined
  let abort = new AbortController()
  const ask = async (request: { source: string; replies: string; branches: Record<string, number> }) => {
    abort.abort()
    abort = new AbortController()
    const { signal } = abort
    try {
      const analysis = await analyse(store.data.id, request, signal)
      // What was empty before this visit was left so.
      if (request.source === store.data.source && store.analysedText === null)
        store.leave(emptyFields(analysis))
      store.set({
        analysis,
        media: { ...store.media, ...analysis.media },
        analysedText: request.source,
        played: analysis.played ?? (analysis.issues.length > 0 ? store.played : null),
        isChecking: false,
      })
    } catch {
      if (signal.aborted) return
      asked = ''
      store.set({ isChecking: false })
    }
  }
  const look = () => {
    const request = { source: store.text, replies: store.replies, branches: store.branches }
    const key = JSON.stringify(request)
    if (key === asked) return
    asked = key
    clearTimeout(timer)
    timer = setTimeout(() => void ask(request), AFTER_MS)
    if (!store.isChecking) store.set({ isChecking: true })
  }
  store.subscribe(look)
  look()
}

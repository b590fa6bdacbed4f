import { readDraft } from './calls.ts'
import type { Saving } from './saving.ts'
import type { EditorStore } from './store.ts'

const EVERY_MS = 15_000

/**
 * Looks now and then, and when the page is seen again, whether somebody else has saved the draft. While there are changes here,
 * saving them finds it out.
 */
export function watchDraft(store: EditorStore, saving: Saving): void {
  const look = async () => {
    if (document.hidden || store.saving.state !== 'saved') return
    const found = await readDraft(store.data.id).catch(() => undefined)
    if (!found || store.saving.state !== 'saved' || found.revision === saving.knownRevision) return
    if (found.revision === store.others?.revision) return
    const { source, revision, savedAt: at, savedBy: by } = found
    store.set({ others: { source, revision, at, by } })
  }
  setInterval(() => void look(), EVERY_MS)
  document.addEventListener('visibilitychange', () => void look())
  window.addEventListener('focus', () => void look())
}

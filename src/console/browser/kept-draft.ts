// What this device keeps of a draft that could not be saved. Both editors of a campaign read and write it.

interface Kept {
  text: string
  /** That the browser had read; null: there was no draft. */
  revision: number | null
}

const keyFor = (id: string) => `nurture-draft-${id}`

/** Replaces what was kept of the campaign. A browser that keeps nothing makes no error. */
export function keepText(id: string, kept: Kept): void {
  try {
    localStorage.setItem(keyFor(id), JSON.stringify(kept))
  } catch {
    // The browser keeps nothing for this site, or has no more room.
  }
}

/** A text of this device that was never saved; null: none, or it is `current`. */
export function keptText(id: string, current: string): string | null {
  try {
    const kept = JSON.parse(localStorage.getItem(keyFor(id)) ?? 'null') as Kept | null
    return kept && typeof kept.text === 'string' && kept.text !== current ? kept.text : null
  } catch {
    return null
  }
}

export function removeKept(id: string): void {
  try {
    localStorage.removeItem(keyFor(id))
  } catch {
    // Nothing is kept.
  }
}

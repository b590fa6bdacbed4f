import { createContext } from 'preact'
import { useContext, useEffect, useReducer } from 'preact/hooks'
import type { Saving } from './saving.ts'
import type { EditorStore } from './store.ts'

export interface Editor {
  store: EditorStore
  saving: Saving
}

export const EditorContext = createContext<Editor | null>(null)

/** The editor around a component. */
export function useEditor(): Editor {
  const editor = useContext(EditorContext)
  if (!editor) throw new Error('There is no editor around this component.')
  return editor
}

export const useStore = (): EditorStore => useEditor().store
export const useTexts = () => useStore().texts

/** Renders a component again after each change of the store. */
export function useChanges(store: EditorStore): void {
  const [, render] = useReducer((n: number) => n + 1, 0)
  useEffect(() => store.subscribe(() => render(undefined)), [store])
}

import { createContext } from 'preact'
import { useContext } from 'preact/hooks'
import type { PhoneStore } from './phone-store.ts'

export const StoreContext = createContext<PhoneStore | null>(null)

/** The page's phones. */
export function useStore(): PhoneStore {
  const store = useContext(StoreContext)
  if (!store) throw new Error('This part is not in the page of the phones.')
  return store
}

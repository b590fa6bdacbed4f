import { createContext, useContext } from 'hono/jsx'
import type { Principal } from '../auth/principal.ts'
import { hasRole, type Role } from '../auth/roles.ts'
import type { Theme } from '../ui/preferences.ts'
import type { Notice } from './notice.ts'
import type { Bilingual, Language } from './texts/bilingual.ts'

export interface Links {
  /** The simulator's phone page; null: no simulator runs. */
  simulatorUrl: string | null
  /** Temporal Web UI; null: none is known. */
  temporalUiUrl: string | null
  namespace: string
  /** The page on which an account's owner authorises the third-party platform; null: none is configured. */
  authorisationUrl?: string | null
  /** Temporal is not the namespace of the stored runs. Every page shows a banner. */
  unexpectedNamespace?: boolean
}

/** What every page knows: its language and appearance, and who reads it. */
export interface View {
  language: Language
  theme: Theme
  /** The path and query of the page. */
  url: string
  links: Links
  /** null: nobody is signed in. */
  principal: Principal | null
  /** What the form that led here has done. */
  notice: Notice | null
}

export const NO_LINKS: Links = { simulatorUrl: null, temporalUiUrl: null, namespace: '' }

export const ViewContext = createContext<View>({
  language: 'zh',
  theme: 'system',
  url: '/',
  links: NO_LINKS,
  principal: null,
  notice: null,
})

/** The view of the page that is rendered. For components only. */
export const useView = (): View => useContext(ViewContext)

/** Whether the reader may do what needs a role. For components only. */
export function useMay(role: Role): boolean {
  const { principal } = useView()
  return principal !== null && hasRole(principal.role, role)
}

/** The texts in the reader's language. For components only. */
export function useText<T>(texts: Bilingual<T>): T {
  return texts[useView().language]
}

import { createContext, type PropsWithChildren, useContext } from 'hono/jsx'
import type { MediaNames } from '../editor-data.ts'
import { firstNames, type StepNames, stepNames } from '../steps/step-names.ts'
import { NO_MEDIA } from '../steps/step-words.ts'
import { EDITOR_TEXTS } from '../texts/editor-texts.ts'
import { useText, useView } from '../view.ts'
import { Code, Data } from './basics.tsx'

/** A campaign, or the fields of its file. Null: it cannot be read. */
export type Named = { steps?: unknown } | null

const MediaContext = createContext<MediaNames>(NO_MEDIA)

/** A page, or a part of one, that knows uploads by the names of their files. */
export const WithMedia = ({ names, children }: PropsWithChildren<{ names: MediaNames }>) => (
  <MediaContext.Provider value={names}>{children}</MediaContext.Provider>
)

/** The uploads that the page knows. For components only. */
export const useMedia = (): MediaNames => useContext(MediaContext)

/**
 * The names of a campaign's steps in the reader's language. For components only.
 * @param campaigns of several versions, the first that has a step counts
 */
export function useStepNames(...campaigns: Named[]): StepNames {
  const { language } = useView()
  const media = useMedia()
  return firstNames(campaigns.map((campaign) => stepNames(campaign, language, media)))
}

interface StepNameProps {
  id: string
  names: StepNames
  /** With its place in the campaign. */
  numbered?: boolean
  /** Of a fork without its branches, where these stand beside it. */
  brief?: boolean
  /** With its id in small, where files and exports are compared with the page. */
  withId?: boolean
}

/** A step or a fork in its own words. Its title says all of them, with the id that files and the API use. */
export const StepName = ({ id, names, numbered = false, brief = false, withId = false }: StepNameProps) => {
  const texts = useText(EDITOR_TEXTS)
  const name = names.of(id)
  if (!name) return <Code>{id}</Code>
  return (
    <span class="step-name" title={`${texts.stepTitle(name.number)} · ${name.words} · ${id}`}>
      {numbered ? <span class="quiet">{`${texts.stepTitle(name.number)} `}</span> : null}
      <Data>{brief ? name.what : name.words}</Data>
      {withId ? (
        <>
          {' '}
          <Code>{id}</Code>
        </>
      ) : null}
    </span>
  )
}

import { firstNames, type StepNames, stepNames } from '../steps/step-names.ts'
import { EDITOR_TEXTS } from '../texts/editor-texts.ts'
import { useText, useView } from '../view.ts'
import { Code, Data } from './basics.tsx'

/**
 * The names of a campaign's steps in the reader's language. For components only.
 * @param campaigns of several versions, the first that has a step counts; null: it cannot be read
 */
export function useStepNames(...campaigns: ({ steps?: unknown } | null)[]): StepNames {
  const { language } = useView()
  return firstNames(campaigns.map((campaign) => stepNames(campaign, language)))
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

import { IconSprite } from './icons.tsx'
import { PHONE_TEXTS } from './phone-texts.ts'
import { Page } from './shell.tsx'
import { SHELL_TEXTS } from './shell-texts.ts'
import { useText, useView } from './view.tsx'
import type { PhonesData } from './view-types.ts'

interface PhonesPageProps {
  data: Omit<PhonesData, 'language'>
  /** Whether a server or a platform receives the callbacks of the first phone's account. */
  served: boolean
}

/** Phones side by side, beside WeChat's data about their followers. Its script draws them. */
export const PhonesPage = ({ data, served }: PhonesPageProps) => {
  const texts = useText(PHONE_TEXTS)
  const shell = useText(SHELL_TEXTS)
  const { language } = useView()
  const full: PhonesData = { ...data, language }
  return (
    <Page title={texts.title} at="phones" hint={texts.hint} consoleUrl={data.consoleUrl} script="phones">
      <IconSprite />
      <noscript>
        <p class="note amber">{shell.noScript}</p>
        {served ? null : <p class="note amber">{texts.noServer}</p>}
      </noscript>
      <div id="phones" data-phones={JSON.stringify(full)}>
        <p class="quiet">{texts.loading}</p>
      </div>
    </Page>
  )
}

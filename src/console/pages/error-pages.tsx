import { Page, StandalonePage } from '../shell/page.tsx'
import { ERROR_TEXTS } from '../texts/sign-in-texts.ts'
import { useText } from '../view.ts'

/** An error page. It needs no session and no store. */
export const ErrorPage = ({ status }: { status: number }) => {
  const texts = useText(ERROR_TEXTS)
  return (
    <StandalonePage title={String(status)}>
      <section class="card narrow">
        <h1>{texts.byStatus[status] ?? texts.other}</h1>
        <p>
          <a href="/">{texts.home}</a>
        </p>
      </section>
    </StandalonePage>
  )
}

export const NotFoundPage = () => {
  const texts = useText(ERROR_TEXTS)
  return (
    <Page title={texts.notFound} at="">
      <p>{texts.notFoundHint}</p>
    </Page>
  )
}

export const ForbiddenPage = () => {
  const texts = useText(ERROR_TEXTS)
  return (
    <Page title={texts.forbidden} at="">
      <p>{texts.forbiddenHint}</p>
    </Page>
  )
}

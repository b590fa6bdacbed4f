import { Icon } from '../design/icons.tsx'
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

/** The caller sets the status 404. */
export const NotFoundPage = () => {
  const texts = useText(ERROR_TEXTS)
  return (
    <Page title={texts.notFound} at="">
      <p>{texts.notFoundHint}</p>
    </Page>
  )
}

/** The caller sets the status 403. */
export const ForbiddenPage = () => {
  const texts = useText(ERROR_TEXTS)
  return (
    <Page title={texts.forbidden} at="">
      <p>{texts.forbiddenHint}</p>
    </Page>
  )
}

/** A change that was refused. Nothing is lost: the page that it was asked on stands as before. */
export const NotDonePage = (props: {
  message: string
  /** What is wrong with which field. */
  reasons: readonly { place: string; message: string }[]
  back: string
}) => {
  const { message, reasons, back } = props
  const texts = useText(ERROR_TEXTS)
  return (
    <Page title={texts.notDone} at="">
      <div class="note red" role="alert">
        <Icon name="circle-alert" />
        <div>
          {texts.notDoneHint} {message}
          <ul>
            {reasons.map((reason) => (
              <li>{reason.place === '' ? reason.message : texts.reason(reason.place, reason.message)}</li>
            ))}
          </ul>
        </div>
      </div>
      <p>
        <a class="button" href={back}>
          {texts.back}
        </a>
      </p>
    </Page>
  )
}

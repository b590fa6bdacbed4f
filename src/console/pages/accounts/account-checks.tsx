import type { AccountCheck } from '../../../api/verify-account.ts'
import { Icon } from '../../design/icons.tsx'
import { accountPath } from '../../paths.ts'
import { ACCOUNT_PAGE_TEXTS, ACCOUNT_TEXTS, CHECK_TEXTS } from '../../texts/account-texts.ts'
import { useMay, useText } from '../../view.ts'

/** A check. That it passed is said in few words; why it failed, and what to do, by the API in the reader's language. */
const Check = ({ result }: { result: AccountCheck }) => {
  const texts = useText(CHECK_TEXTS)
  return (
    <li class={result.ok ? 'passed' : 'failed'}>
      <Icon name={result.ok ? 'circle-check' : 'circle-alert'} />
      <div>
        <b>{texts.names[result.check]}</b>
        <p>{result.ok ? texts.passed[result.check] : result.message}</p>
        {result.ok || !result.remedy ? null : <p class="quiet">{result.remedy}</p>}
      </div>
    </li>
  )
}

/**
 * The checks of an account, and the button that makes them. A part of a page: htmx replaces it.
 * @param props.results null: not checked yet
 * @param props.atOnce checks when the page is loaded
 */
export const AccountChecks = (props: { appId: string; results: AccountCheck[] | null; atOnce?: boolean }) => {
  const texts = useText(ACCOUNT_PAGE_TEXTS)
  const { checkNow } = useText(ACCOUNT_TEXTS)
  const { results, appId } = props
  const path = `${accountPath(appId)}/checks`
  return (
    <section class="card" id="checks" aria-live="polite">
      <header class="card-head">
        <h2>{texts.checks}</h2>
        {useMay('operator') ? (
          <form
            method="post"
            action={path}
            hx-post={path}
            hx-target="#checks"
            hx-swap="outerHTML"
            hx-trigger={props.atOnce ? 'load, submit' : undefined}
          >
            <button type="submit">
              <Icon name="stethoscope" />
              {results ? texts.checkAgain : checkNow}
            </button>
          </form>
        ) : null}
      </header>
      {results === null ? (
        <p class="quiet">{texts.checksHint}</p>
      ) : (
        <ul class="checks">
          {results.map((result) => (
            <Check result={result} />
          ))}
        </ul>
      )}
    </section>
  )
}

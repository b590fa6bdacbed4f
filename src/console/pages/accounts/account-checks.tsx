import type { AccountCheck } from '../../../api/verify-account.ts'
import { remedyOf, textOf } from '../../../wechat/rules/errcodes.ts'
import { Icon } from '../../design/icons.tsx'
import { ACCOUNT_PAGE_TEXTS, ACCOUNT_TEXTS, CHECK_TEXTS } from '../../texts/account-texts.ts'
import type { Language } from '../../texts/bilingual.ts'
import { useMay, useText, useView } from '../../view.ts'

type Texts = (typeof CHECK_TEXTS)['zh']

/** A failed check in words, with what to do. The API says it in English only. */
function wordsOf(
  { check, errcode, message, remedy }: AccountCheck,
  texts: Texts,
  language: Language,
): { text: string; remedy: string } {
  if (errcode !== null) {
    const known = remedyOf(errcode)[language]
    const ip = /\bAdd (\S+) to the IP whitelist/.exec(remedy ?? '')?.[1]
    if (check === 'ip-whitelist')
      return { text: texts.ipRefused(errcode), remedy: ip ? texts.addIp(ip) : known }
    const text = check === 'secret' ? texts.secretRefused : texts.notCertified
    return { text: text(errcode, textOf(errcode, check === 'secret' ? 'token' : 'send')), remedy: known }
  }
  if (check === 'callback')
    return {
      text: message.startsWith('The modes differ') ? texts.modesDiffer : texts.noCallback,
      remedy: texts.enterCallback,
    }
  if (check === 'clock') return { text: texts.clockOff, remedy: texts.syncClock }
  return { text: texts.unreachable, remedy: texts.checkNetwork }
}

const Check = ({ result }: { result: AccountCheck }) => {
  const texts = useText(CHECK_TEXTS)
  const { language } = useView()
  const words = result.ok
    ? { text: texts.passed[result.check] ?? '', remedy: '' }
    : wordsOf(result, texts, language)
  return (
    <li class={result.ok ? 'passed' : 'failed'}>
      <Icon name={result.ok ? 'circle-check' : 'circle-alert'} />
      <div>
        <b>{texts.names[result.check]}</b>
        <p>{words.text}</p>
        {words.remedy ? <p class="quiet">{words.remedy}</p> : null}
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
  const path = `/accounts/${appId}/checks`
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

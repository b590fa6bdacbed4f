import type { ApiAnswer, SessionApi } from '../api/session-api.ts'
import { isRecord } from '../shared/is-record.ts'
import { languageOf } from './shell/preferences.tsx'
import type { Language } from './texts/bilingual.ts'
import { apiIssueText, apiMessageText } from './texts/errors/api-error-text.ts'

type JsonMap = Readonly<Record<string, unknown>>

/**
 * The operator API of the console with its messages in the language of the reader, so that each page and script can show them as
 * they are: errors, issues and warnings with their hints, the checks of an account, the reasons why an account cannot run a
 * campaign, the notes of a dry run. An issue also has `place`, its field in words. Codes and everything else stay.
 */
export function inReadersLanguage(api: SessionApi): SessionApi {
  return {
    call: async (c, ...call) => answerInLanguage(await api.call(c, ...call), languageOf(c)),
    async file(c, path) {
      const found = await api.file(c, path)
      return found instanceof Response ? found : answerInLanguage(found, languageOf(c))
    },
    async answer(c) {
      const response = await api.answer(c)
      if (!response.headers.get('content-type')?.startsWith('application/json')) return response
      const text = await response.text()
      const body: unknown = JSON.parse(text)
      const headers = new Headers(response.headers)
      headers.delete('content-length')
      const shown = isRecord(body) ? JSON.stringify(inLanguage(body, languageOf(c))) : text
      return new Response(shown, { status: response.status, headers })
    },
  }
}

function answerInLanguage(answer: ApiAnswer, language: Language): ApiAnswer {
  const { body, error } = answer
  return {
    ...answer,
    body: isRecord(body) ? inLanguage(body, language) : body,
    // The text of an error is one of the body's.
    error: error && (errorIn(error, language) as NonNullable<ApiAnswer['error']>),
  }
}

/** The fields of an answer that have messages. */
function inLanguage(body: JsonMap, language: Language): JsonMap {
  const say = (value: unknown) => (typeof value === 'string' ? apiMessageText(value, language) : value)
  const change: Readonly<Record<string, (value: unknown) => unknown>> = {
    error: (error) => (isRecord(error) ? errorIn(error, language) : error),
    issues: (list) => issuesIn(list, language),
    warnings: (list) => issuesIn(list, language),
    notes: (list) => (Array.isArray(list) ? list.map(say) : list),
    checks: (list) =>
      mapsIn(list, (check) => ({ ...check, message: say(check.message), remedy: say(check.remedy) })),
    items: (list) => reasonsIn(list, say),
    accounts: (list) => reasonsIn(list, say),
  }
  const fields = Object.entries(body).map(([name, value]): [string, unknown] => [
    name,
    Object.hasOwn(change, name) ? change[name]?.(value) : value,
  ])
  return Object.fromEntries(fields)
}

function errorIn(error: JsonMap, language: Language): JsonMap {
  const { message, issues } = error
  return {
    ...error,
    message: typeof message === 'string' ? apiMessageText(message, language) : message,
    ...(issues === undefined ? {} : { issues: issuesIn(issues, language) }),
  }
}

function issuesIn(list: unknown, language: Language): unknown {
  return mapsIn(list, (issue) => {
    const { path, message, hint } = issue
    if (typeof path !== 'string' || typeof message !== 'string') return issue
    const { hint: _, ...others } = issue
    return {
      ...others,
      ...apiIssueText({ path, message, hint: typeof hint === 'string' ? hint : undefined }, language),
    }
  })
}

function reasonsIn(list: unknown, say: (value: unknown) => unknown): unknown {
  return mapsIn(list, (item) =>
    Array.isArray(item.reasons) ? { ...item, reasons: item.reasons.map(say) } : item,
  )
}

function mapsIn(list: unknown, change: (item: JsonMap) => JsonMap): unknown {
  return Array.isArray(list) ? list.map((item: unknown) => (isRecord(item) ? change(item) : item)) : list
}

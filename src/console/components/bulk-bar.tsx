import { randomUUID } from 'node:crypto'
import type { FilterValues } from '../follower-list.ts'
import { BULK_TEXTS } from '../texts/bulk-texts.ts'
import { useText } from '../view.ts'
import { FormDialog, NEW_FORM, TextField } from './forms.tsx'
import { useNumber } from './numbers.tsx'

export const BULK_ACTIONS = ['pause', 'resume', 'cancel'] as const
export type BulkAction = (typeof BULK_ACTIONS)[number]

/** What is asked for, with its count. */
export interface BulkQuestion {
  action: BulkAction
  count: number
  closingSoon: number
  /** `APPID/OPENID`; null: all that fit the filters. */
  picks: readonly string[] | null
}

/** The form around the list: which rows are selected, and what is to be done with them. */
const BULK_FORM = 'bulk'

/** Above the list. The buttons lead to the same page with a {@link BulkQuestion}. */
export const BulkBar = ({ values }: { values: FilterValues }) => {
  const texts = useText(BULK_TEXTS)
  const count = useNumber()
  return (
    <form id={BULK_FORM} class="bulk-bar" method="get" action="/followers" aria-label={texts.bar}>
      {Object.entries(values).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <label class="check">
        <input type="checkbox" data-pick-page />
        <span>{texts.page}</span>
      </label>
      <label class="check">
        <input type="checkbox" name="all" value="yes" data-pick-all />
        <span>{texts.all}</span>
      </label>
      <span class="quiet" aria-live="polite" data-picked={texts.picked('{n}')}>
        {texts.picked(count(0))}
      </span>
      <span class="bulk-buttons">
        {BULK_ACTIONS.map((action) => (
          <button type="submit" name="bulk" value={action} class={action === 'cancel' ? 'danger' : undefined}>
            {texts.verbs[action]}
          </button>
        ))}
      </span>
    </form>
  )
}

/** The box of a row. */
export const PickBox = ({ appId, openId }: { appId: string; openId: string }) => {
  const texts = useText(BULK_TEXTS)
  return (
    <input
      type="checkbox"
      form={BULK_FORM}
      name="pick"
      value={`${appId}/${openId}`}
      aria-label={texts.selectOne(openId)}
      translate="no"
      data-pick
    />
  )
}

/** Says how many are concerned before anything changes. Its button repeats the verb with the count. */
export const BulkDialog = ({ question, values }: { question: BulkQuestion; values: FilterValues }) => {
  const texts = useText(BULK_TEXTS)
  const count = useNumber()
  const { action, closingSoon, picks } = question
  const n = count(question.count)
  if (question.count === 0) return <NothingDialog question={question} />
  return (
    <FormDialog
      id="bulk-dialog"
      title={texts.titles[action](n)}
      action="/followers/bulk"
      submit={texts.submits[action](n)}
      tone={action === 'cancel' ? 'danger' : 'main'}
      open
    >
      <p>{texts.hints[action]}</p>
      {closingSoon > 0 && action !== 'resume' ? <p>{texts.closing(count(closingSoon))}</p> : null}
      <input type="hidden" name="action" value={action} />
      <input type="hidden" name="key" value={randomUUID()} />
      {picks ? (
        <input type="hidden" name="picks" value={picks.join(' ')} />
      ) : (
        <input type="hidden" name="all" value="yes" />
      )}
      {Object.entries(values).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      {action === 'cancel' ? (
        <TextField
          name="reason"
          label={texts.reason}
          hint={texts.reasonHint}
          state={NEW_FORM}
          maxlength={500}
        />
      ) : null}
    </FormDialog>
  )
}

const NothingDialog = ({ question: { action, picks } }: { question: BulkQuestion }) => {
  const texts = useText(BULK_TEXTS)
  return (
    <dialog id="bulk-dialog" aria-labelledby="bulk-dialog-title" data-open="">
      <h2 id="bulk-dialog-title">{picks?.length === 0 ? texts.nobodyPicked : texts.nothing[action]}</h2>
      <div class="dialog-actions">
        <button type="button" data-closes>
          {texts.close}
        </button>
      </div>
    </dialog>
  )
}

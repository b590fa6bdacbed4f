import { randomUUID } from 'node:crypto'
import type { FilterValues } from '../follower-list.ts'
import { BULK_TEXTS } from '../texts/bulk-texts.ts'
import { useMay, useText } from '../view.ts'
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
  /** Of the picks: those without an open run, and those that are already as the action would make them. */
  unchanged: { ended: number; others: number }
}

/** The form around the list: which rows are selected, and what is to be done with them. */
const BULK_FORM = 'bulk'

/** Where the question appears. */
const QUESTION = 'bulk-question'

/** Above the list. The buttons ask a {@link BulkQuestion}. Without scripts they lead to the same page with it. */
export const BulkBar = ({ values, question }: { values: FilterValues; question: BulkQuestion | null }) => {
  const texts = useText(BULK_TEXTS)
  const count = useNumber()
  return (
    <form
      id={BULK_FORM}
      class="bulk-bar"
      method="get"
      action="/followers"
      aria-label={texts.bar}
      hx-get="/followers/question"
      hx-target={`#${QUESTION}`}
      hx-swap="innerHTML"
      hx-sync="drop"
    >
      {Object.entries(values).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <label class="check">
        <input type="checkbox" data-pick-page />
        <span>{texts.page}</span>
      </label>
      <label class="check">
        <input type="checkbox" name="all" value="yes" checked={question?.picks === null} data-pick-all />
        <span>{texts.all}</span>
      </label>
      <span class="quiet" aria-live="polite" data-picked={texts.picked('{n}')}>
        {texts.picked(count(question?.picks?.length ?? 0))}
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
export const PickBox = (props: { appId: string; openId: string; picked: boolean }) => {
  const { appId, openId, picked } = props
  const texts = useText(BULK_TEXTS)
  return (
    <input
      type="checkbox"
      form={BULK_FORM}
      name="pick"
      value={`${appId}/${openId}`}
      id={`pick-${appId}-${openId}`}
      checked={picked}
      aria-label={texts.selectOne(openId)}
      translate="no"
      data-pick
    />
  )
}

/** After the list, with what the address asks. */
export const BulkQuestionPlace = (props: { question: BulkQuestion | null; values: FilterValues }) => {
  const { question, values } = props
  return <div id={QUESTION}>{question ? <BulkDialog question={question} values={values} /> : null}</div>
}

/** What the buttons get for that place. @param props.question null: it could not be counted */
export const BulkAnswer = ({ question, values }: { question: BulkQuestion | null; values: FilterValues }) => {
  const texts = useText(BULK_TEXTS)
  if (!useMay('operator')) return null
  return question ? <BulkDialog question={question} values={values} /> : <SaysOnly text={texts.notCounted} />
}

/** Says how many are concerned before anything changes. Its button repeats the verb with the count. */
const BulkDialog = ({ question, values }: { question: BulkQuestion; values: FilterValues }) => {
  const texts = useText(BULK_TEXTS)
  const count = useNumber()
  const { action, closingSoon, picks } = question
  const n = count(question.count)
  if (question.count === 0)
    return <SaysOnly text={picks?.length === 0 ? texts.nobodyPicked : texts.nothing[action]} />
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
      <NotChanged question={question} />
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

/** What becomes of those who are picked and not counted. */
const NotChanged = ({ question: { action, picks, unchanged } }: { question: BulkQuestion }) => {
  const texts = useText(BULK_TEXTS)
  const count = useNumber()
  const { ended, others } = unchanged
  if (!picks || ended + others === 0) return null
  const shown = (n: number) => (n > 0 ? count(n) : null)
  return <p>{texts.notChanged[action](count(picks.length), shown(ended), shown(others))}</p>
}

/** A dialog that asks nothing. */
const SaysOnly = ({ text }: { text: string }) => {
  const texts = useText(BULK_TEXTS)
  return (
    <dialog id="bulk-dialog" aria-labelledby="bulk-dialog-title" data-open="">
      <h2 id="bulk-dialog-title">{text}</h2>
      <div class="dialog-actions">
        <button type="button" data-closes>
          {texts.close}
        </button>
      </div>
    </dialog>
  )
}

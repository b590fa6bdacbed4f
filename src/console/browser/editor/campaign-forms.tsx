import { listOf, textOf } from '../../../campaign/editing/campaign-items.ts'
import { insertItem, removeItem, setField } from '../../../campaign/editing/yaml-edit.ts'
import { isRecord } from '../../../shared/is-record.ts'
import { ANSWERED_EVENTS, ENTRY_EVENTS, RUN_EVENTS } from '../../texts/event-words.ts'
import { useStore, useTexts } from './context.ts'
import { EventFields } from './event-fields.tsx'
import {
  CheckField,
  DurationField,
  Field,
  IconButton,
  NumberField,
  Problems,
  SelectField,
  TextField,
  WordsField,
} from './fields.tsx'
import { Icon } from './icon.tsx'
import { FormTitle } from './item-forms.tsx'
import { MessageForm } from './message-fields.tsx'

/** How a campaign begins: its entry, and the reply to it. */
export const EntryForm = () => {
  const store = useStore()
  const texts = useTexts()
  const { entry, reply } = store.fields
  return (
    <>
      <FormTitle title={texts.entryCard} />
      <CheckField
        path={['entry', 'is-there']}
        label={texts.hasEntry}
        checked={entry !== undefined}
        onChange={(on) => store.setField(['entry'], on ? { event: 'subscribe' } : undefined)}
      />
      {entry === undefined ? (
        <Problems path={['entry']} exact={true} />
      ) : (
        <EventFields path={['entry']} value={entry} events={ENTRY_EVENTS} />
      )}
      <CheckField
        path={['reply']}
        label={texts.hasReply}
        checked={reply !== undefined}
        onChange={(on) => store.setField(['reply'], on ? { text: '' } : undefined)}
      />
      {reply === undefined ? null : (
        <MessageForm path={['reply']} value={reply} title={texts.replyCard} isReply={true} />
      )}
    </>
  )
}

/** What the whole campaign has. */
export const CampaignForm = () => {
  const store = useStore()
  const texts = useTexts()
  const { fields } = store
  const reentry = isRecord(fields.reentry) ? 'after' : textOf(fields.reentry) || 'always'
  const quiet = isRecord(fields.quiet) ? 'own' : fields.quiet === 'none' ? 'none' : 'account'
  const quiets = { account: undefined, none: 'none', own: { from: '22:00', to: '08:00' } }
  const set = (name: string, value: unknown) => store.setField([name], value)
  return (
    <>
      <FormTitle title={texts.settings} code={store.data.id} />
      <TextField path={['name']} label={texts.name} value={fields.name} kept={true} />
      <AccountsField />
      <SelectField
        path={['reentry']}
        label={texts.reentry}
        value={reentry}
        options={(['always', 'never', 'after'] as const).map((r) => [r, texts.reentries[r]] as const)}
        onChange={(next) =>
          set('reentry', next === 'after' ? { after: '30d' } : next === 'always' ? undefined : next)
        }
      />
      {isRecord(fields.reentry) ? (
        <DurationField path={['reentry', 'after']} label={texts.delay} value={fields.reentry.after} />
      ) : null}
      <SelectField
        path={['quiet']}
        label={texts.quiet}
        value={quiet}
        exact={true}
        options={(['account', 'none', 'own'] as const).map((q) => [q, texts.quiets[q]] as const)}
        onChange={(next) => set('quiet', quiets[next as keyof typeof quiets])}
      />
      {isRecord(fields.quiet) ? (
        <div class="field-pair">
          <TextField
            path={['quiet', 'from']}
            label={texts.from}
            value={fields.quiet.from}
            kept={true}
            placeholder="22:00"
          />
          <TextField
            path={['quiet', 'to']}
            label={texts.to}
            value={fields.quiet.to}
            kept={true}
            placeholder="08:00"
          />
        </div>
      ) : null}
      <GoalFields />
      <ExitFields />
      <details>
        <summary>{texts.more}</summary>
        <SelectField
          path={['ifBusy']}
          label={texts.ifBusy}
          value={textOf(fields.ifBusy) || 'skip'}
          options={(['skip', 'replace'] as const).map((b) => [b, texts.busies[b]] as const)}
          onChange={(next) => set('ifBusy', next === 'skip' ? undefined : next)}
        />
        <NumberField path={['priority']} label={texts.priority} value={fields.priority} />
        <DurationField path={['window']} label={texts.window} hint={texts.windowHint} value={fields.window} />
        <DurationField path={['spacing']} label={texts.spacing} value={fields.spacing} />
        <DurationField path={['spread']} label={texts.spread} value={fields.spread} />
      </details>
      <Problems path={['steps']} exact={true} />
      <Problems path={[]} exact={true} />
      <p class="quiet">{texts.keysHint}</p>
    </>
  )
}

/** All accounts, or the ticked ones. */
const AccountsField = () => {
  const store = useStore()
  const texts = useTexts()
  const { accounts } = store.data
  const chosen = Array.isArray(store.fields.accounts) ? store.fields.accounts.map(String) : null
  const known = new Set(accounts.map(({ appId }) => appId))
  const others = (chosen ?? []).filter((appId) => !known.has(appId)).map((appId) => ({ appId, name: null }))
  const set = (appIds: string[] | null) => store.setField(['accounts'], appIds ?? undefined)
  return (
    <Field
      path={['accounts']}
      label={texts.accounts}
      control={(attributes) => (
        <>
          <select
            {...attributes}
            value={chosen ? 'some' : 'all'}
            onChange={({ currentTarget }) =>
              set(currentTarget.value === 'all' ? null : accounts.slice(0, 1).map((a) => a.appId))
            }
          >
            <option value="all">{texts.allAccounts}</option>
            <option value="some">{texts.someAccounts}</option>
          </select>
          {chosen
            ? [...accounts, ...others].map(({ appId, name }) => (
                <label class="check" key={appId}>
                  <input
                    type="checkbox"
                    checked={chosen.includes(appId)}
                    onChange={({ currentTarget: { checked } }) =>
                      set(checked ? [...chosen, appId] : chosen.filter((one) => one !== appId))
                    }
                  />
                  <span translate={false}>{name ?? appId}</span>
                </label>
              ))
            : null}
        </>
      )}
    />
  )
}

const GoalFields = () => {
  const store = useStore()
  const texts = useTexts()
  const { goal } = store.fields
  const fields = isRecord(goal) ? goal : null
  return (
    <fieldset class="plain">
      <legend>{texts.goal}</legend>
      <CheckField
        path={['goal']}
        label={texts.hasGoal}
        checked={fields !== null}
        onChange={(on) => store.setField(['goal'], on ? { on: { facts: { paid: true } } } : undefined)}
      />
      {fields ? (
        <>
          <EventFields path={['goal', 'on']} value={fields.on} events={RUN_EVENTS} />
          <CheckField
            path={['goal', 'end']}
            label={texts.goalEnd}
            checked={fields.end !== false}
            onChange={(on) => store.setField(['goal', 'end'], on ? undefined : false)}
          />
          <TextField path={['goal', 'value']} label={texts.goalValue} value={fields.value} />
          <DurationField path={['goal', 'within']} label={texts.goalWithin} value={fields.within} />
        </>
      ) : null}
    </fieldset>
  )
}

const ExitFields = () => {
  const store = useStore()
  const texts = useTexts()
  const { exit } = store.fields
  const fields = isRecord(exit) ? exit : null
  return (
    <fieldset class="plain">
      <legend>{texts.exit}</legend>
      <CheckField
        path={['exit']}
        label={texts.hasExit}
        checked={fields !== null}
        onChange={(on) => store.setField(['exit'], on ? { keywords: ['TD'] } : undefined)}
      />
      {fields ? (
        <>
          <WordsField
            path={['exit', 'keywords']}
            label={texts.keywords}
            value={fields.keywords}
            kept={true}
          />
          <OptionalReply
            name="reply"
            value={fields.reply}
            label={texts.hasExitReply}
            title={texts.exitReply}
          />
          <WordsField
            path={['exit', 'resume']}
            label={texts.resume}
            hint={texts.resumeHint}
            value={fields.resume}
            kept={fields.resumeReply !== undefined}
          />
          {fields.resume === undefined && fields.resumeReply === undefined ? null : (
            <OptionalReply
              name="resumeReply"
              value={fields.resumeReply}
              label={texts.hasResumeReply}
              title={texts.resumeReply}
            />
          )}
          <Problems path={['exit']} exact={true} />
        </>
      ) : null}
    </fieldset>
  )
}

/** A reply to those who opt out, or to those who come back. */
const OptionalReply = (props: { name: string; value: unknown; label: string; title: string }) => {
  const store = useStore()
  const path = ['exit', props.name]
  const isThere = props.value !== undefined
  return (
    <>
      <CheckField
        path={path}
        label={props.label}
        checked={isThere}
        onChange={(on) => store.setField(path, on ? { text: '' } : undefined)}
      />
      {isThere ? <MessageForm path={path} value={props.value} title={props.title} isReply={true} /> : null}
    </>
  )
}

/** Replies that need no run and no grant. */
export const AnswersForm = () => {
  const store = useStore()
  const texts = useTexts()
  const answers = listOf(store.fields.answers)
  const add = () =>
    store.edit((text) =>
      insertItem(text, ['answers'], answers.length, { on: { keywords: [''] }, reply: { text: '' } }),
    )
  return (
    <>
      <FormTitle title={texts.answers} />
      {answers.map((answer, i) => {
        const path = ['answers', i]
        const row = isRecord(answer) ? answer : {}
        return (
          <fieldset class="part answer" key={i}>
            <legend>{texts.answer(i + 1)}</legend>
            <IconButton
              icon="trash"
              label={`${texts.remove} · ${texts.answer(i + 1)}`}
              onClick={() => store.edit((text) => removeItem(text, path))}
            />
            <EventFields path={[...path, 'on']} value={row.on} events={ANSWERED_EVENTS} />
            <SelectField
              path={[...path, 'by']}
              label={texts.answerBy}
              value={row.handover === undefined ? 'reply' : 'handover'}
              options={[
                ['reply', texts.answerReply],
                ['handover', texts.answerHandover],
              ]}
              onChange={(next) =>
                store.edit((text) => {
                  const [old, value] = next === 'reply' ? ['handover', { text: '' }] : ['reply', true]
                  return setField(setField(text, [...path, next], value), [...path, old as string], undefined)
                })
              }
            />
            {row.handover === undefined ? (
              <MessageForm
                path={[...path, 'reply']}
                value={row.reply}
                title={texts.answerReply}
                isReply={true}
              />
            ) : null}
            <Problems path={path} exact={true} />
          </fieldset>
        )
      })}
      <button type="button" onClick={add}>
        <Icon name="plus" />
        {texts.addAnswer}
      </button>
    </>
  )
}

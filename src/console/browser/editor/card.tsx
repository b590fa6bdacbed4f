import type { ComponentChildren } from 'preact'
import { listOf, textOf } from '../../../campaign/editing/campaign-items.ts'
import { isRecord } from '../../../shared/is-record.ts'
import { eventText } from '../../texts/event-words.ts'
import { useStore } from './context.ts'
import { Icon } from './icon.tsx'
import { IssueRow, ToFill } from './issue-row.tsx'
import { issuesOfCard } from './issues.ts'
import { followPrevious } from './item-actions.ts'
import { keyOf } from './store.ts'
import { durationText, timingText } from './wording.ts'

/** A card. A click, or Enter, opens its form. */
export const CardButton = (props: {
  chosen: string
  icon: string
  title: string
  /** Of a step or a fork, for who reads the file. */
  id?: string
  note?: string
  tone?: string
  children?: ComponentChildren
}) => {
  const store = useStore()
  const { chosen } = props
  const canMove = chosen.startsWith('steps')
  const all = issuesOfCard(store, chosen)
  const issues = all.filter(({ tone }) => tone !== 'empty')
  const isChosen = store.chosen === chosen
  return (
    <article class={`step-card ${props.tone ?? ''} ${isChosen ? 'chosen' : ''}`}>
      {canMove && store.data.mayChange ? (
        <span class="grip" data-grip={chosen} title={store.texts.grip} aria-hidden="true">
          <Icon name="grip-vertical" />
        </span>
      ) : null}
      <button
        type="button"
        class="card-button"
        data-card={chosen}
        aria-current={isChosen ? 'true' : undefined}
        onClick={() => store.choose(chosen, true)}
      >
        <span class="card-title">
          <Icon name={props.icon} />
          <b title={props.id} translate={props.tone !== 'branch'}>
            {props.title}
          </b>
          {props.note ? <span class="quiet">{props.note}</span> : null}
        </span>
        {props.children}
        {all.length > issues.length ? <ToFill count={all.length - issues.length} /> : null}
      </button>
      {issues.length > 0 ? (
        <ul class="card-issues">
          {issues.map((issue) => (
            <IssueRow issue={issue} />
          ))}
        </ul>
      ) : null}
      {store.movedWithTime === chosen ? <MovedQuestion chosen={chosen} /> : null}
    </article>
  )
}

/** A step with a time of its own was moved: whether it keeps that time. */
const MovedQuestion = ({ chosen }: { chosen: string }) => {
  const store = useStore()
  const { texts } = store
  const card = store.cards.find(({ path }) => keyOf(path) === chosen)
  if (!card) return null
  return (
    <p class="moved-question">
      <span>{texts.movedWithTime}</span>
      <button type="button" onClick={() => followPrevious(store, card.path)}>
        {texts.followPrevious}
      </button>
      <button type="button" onClick={() => store.set({ movedWithTime: null })}>
        {texts.keepTime(timingText(store, card.fields))}
      </button>
    </p>
  )
}

/** What holds for all steps, in a few words. */
export const CampaignRules = () => {
  const { fields, texts, played } = useStore()
  const { goal, exit, reentry, quiet } = fields
  const hours = isRecord(quiet) ? quiet : quiet === 'none' ? null : played?.quiet
  const again = isRecord(reentry)
    ? `${texts.reentries.after} · ${durationText(texts, reentry.after)}`
    : texts.reentries[reentry === 'never' ? 'never' : 'always']
  const rules: [title: string, value: string][] = [
    [texts.quiet, hours ? `${textOf(hours.from)}–${textOf(hours.to)}` : ''],
    [texts.goal, isRecord(goal) ? eventText(texts, goal.on) : ''],
    [texts.exit, isRecord(exit) ? listOf(exit.keywords).map(String).join(texts.or) : ''],
    [texts.reentry, again],
  ]
  return (
    <span class="rules">
      {rules.map(([title, value]) => (
        <span key={title}>
          <small class="quiet">{title}</small> {value === '' ? texts.notSet : value}
        </span>
      ))}
    </span>
  )
}

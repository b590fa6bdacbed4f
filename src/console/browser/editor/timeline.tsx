import type { ComponentChildren } from 'preact'
import { type Fields, listOf, textOf, valueAt } from '../../../campaign/editing/campaign-items.ts'
import { withTokens } from '../../../campaign/editing/text-tokens.ts'
import { lineOf, type Path } from '../../../campaign/editing/yaml-edit.ts'
import { isRecord } from '../../../shared/is-record.ts'
import { branchWords, elseWords, excerptOf, forkKind, forkTitle, forkWords } from '../../steps/step-words.ts'
import { conditionText, eventText } from '../../texts/event-words.ts'
import { AddMenu } from './add-menu.tsx'
import { CampaignRules, CardButton } from './card.tsx'
import { END } from './card-times.ts'
import { useStore, useTexts } from './context.ts'
import { Icon } from './icon.tsx'
import { addBranch } from './item-actions.ts'
import { yamlLine } from './item-forms.tsx'
import { GrantRow } from './payment.tsx'
import { Row } from './row.tsx'
import { StepCard } from './step-card.tsx'
import { keyOf } from './store.ts'
import { dayAndTime, durationText, momentText } from './wording.ts'

/** The campaign as cards from the top to the bottom. */
export const Timeline = () => {
  const store = useStore()
  const texts = useTexts()
  const { fields, played } = store
  const answers = listOf(fields.answers)
  const { entry, reply } = fields
  return (
    <section class="timeline" aria-label={texts.timeline}>
      <ul class="line">
        <Row of="entry" at={entry === undefined ? '' : texts.at.entry}>
          <CardButton chosen="entry" icon="log-in" title={texts.entryCard} note={eventText(texts, entry)}>
            {reply === undefined ? null : (
              <span class="said">
                <Icon name="reply" /> {withTokens(excerptOf(reply), store.data.language)}
                <small class="pill">{texts.noQuota}</small>
              </span>
            )}
            <GrantRow index={0} />
          </CardButton>
        </Row>
        <Items items={fields.steps} list={['steps']} />
        {played ? (
          <Row of={END} at={momentText(texts, played, played.endMs)}>
            <p class="quiet">{texts.ends(dayAndTime(texts, played, played.endMs))}</p>
          </Row>
        ) : null}
      </ul>
      <ul class="line whole">
        <Row>
          <CardButton
            chosen="answers"
            icon="message-circle"
            title={texts.answersCard}
            note={texts.answersCount(answers.length)}
          />
        </Row>
        <Row>
          <CardButton chosen="campaign" icon="settings" title={texts.settings} note={textOf(fields.name)}>
            <CampaignRules />
          </CardButton>
        </Row>
      </ul>
    </section>
  )
}

const Items = (props: { items: unknown; list: Path; stepsOnly?: boolean }) => {
  const texts = useTexts()
  const items = listOf(props.items)
  const { list, stepsOnly = false } = props
  return (
    <>
      {items.map((item, i) => (
        <Item
          key={isRecord(item) ? textOf(item.id) || i : i}
          item={item}
          path={[...list, i]}
          stepsOnly={stepsOnly}
        />
      ))}
      {items.at(-1) === 'end' ? (
        <EndPlace place={keyOf([...list, items.length])} />
      ) : (
        <Row
          place={keyOf([...list, items.length])}
          {...(list.length === 1 ? { reached: END } : { lanes: 'none' as const })}
        >
          <AddMenu
            list={list}
            index={items.length}
            label={texts.add}
            stepsOnly={stepsOnly}
            isQuiet={list.length > 1}
          />
        </Row>
      )}
    </>
  )
}

/** Below an end: only another end could stand there. */
const EndPlace = ({ place }: { place: string }) => <li class="end-place" data-place={place} />

const Item = ({ item, path, stepsOnly }: { item: unknown; path: Path; stepsOnly: boolean }) => {
  const store = useStore()
  const texts = useTexts()
  const index = Number(path.at(-1))
  const isLast = index === listOf(valueAt(store.fields, path.slice(0, -1))).length - 1
  const below = store.chosen === keyOf(path) && item !== 'end' && !isLast
  return (
    <>
      {item === 'end' ? (
        <Row place={keyOf(path)}>
          <CardButton chosen={keyOf(path)} icon="square" title={texts.endCard} tone="end" />
        </Row>
      ) : !isRecord(item) ? (
        <Row place={keyOf(path)}>
          <p class="quiet">
            {texts.cannotEdit} <a href={yamlLine(store, lineOf(store.text, path))}>{texts.openYaml}</a>
          </p>
        </Row>
      ) : 'branches' in item ? (
        <Fork fields={item} path={path} />
      ) : (
        <StepCard fields={item} path={path} />
      )}
      {below ? (
        <Row {...(isFork(item) ? { lanes: 'none' as const } : { reached: keyOf(path) })}>
          <AddMenu
            list={path.slice(0, -1)}
            index={index + 1}
            label={texts.addHere}
            stepsOnly={stepsOnly}
            isQuiet={true}
          />
        </Row>
      ) : null}
    </>
  )
}
const isFork = (item: unknown) => isRecord(item) && 'branches' in item

const Fork = ({ fields, path }: { fields: Fields; path: Path }) => {
  const store = useStore()
  const texts = useTexts()
  const kind = forkKind(fields)
  const id = textOf(fields.id)
  const decided = store.played?.forks.find((fork) => fork.fork === id)
  const branches = listOf(fields.branches)
  const note = kind === 'on' ? durationText(texts, fields.wait) : texts.forkKinds[kind]
  const decidedAt = decided && store.played ? momentText(texts, store.played, decided.atMs) : ''
  const icon = kind === 'on' ? 'hourglass' : 'git-branch'
  const { language } = store.data
  const [title, name] = [forkTitle(fields, language), forkWords(fields, language)]
  return (
    <Row
      of={keyOf(path)}
      place={keyOf(path)}
      at={kind === 'on' ? '' : decidedAt}
      lanes="none"
      dim={decided === undefined && store.played !== null}
    >
      <CardButton chosen={keyOf(path)} icon={icon} title={title} id={id} note={note} tone="fork" />
      <div class="rails">
        {kind === 'on' ? (
          <Rail tone={9} title={<span class="quiet">{texts.meanwhile}</span>}>
            <Items items={fields.meanwhile} list={[...path, 'meanwhile']} stepsOnly={true} />
          </Rail>
        ) : null}
        {branches.map((branch, b) => (
          <BranchRail
            key={b}
            fork={id}
            forkName={name}
            index={b}
            fields={isRecord(branch) ? branch : {}}
            path={[...path, 'branches', b]}
            took={decided?.took}
            decidedAt={decidedAt}
          />
        ))}
        <Rail
          tone={8}
          isTaken={decided?.took === -1}
          title={
            <span class="rail-head">
              <b>
                {elseWords(fields, language)}{' '}
                {decided?.took === -1 ? <small class="quiet">{decidedAt}</small> : null}
              </b>
              <WayButton fork={id} forkName={name} branch={-1} took={decided?.took} />
            </span>
          }
        >
          <Items items={fields.else} list={[...path, 'else']} />
        </Rail>
        {store.data.mayChange && branches.length < 10 ? (
          <button type="button" class="link-button" onClick={() => addBranch(store, path, branches)}>
            <Icon name="plus" />
            {texts.addBranch}
          </button>
        ) : null}
      </div>
      <p class="merge quiet">{texts.merge}</p>
    </Row>
  )
}

const Rail = (props: {
  tone: number
  isTaken?: boolean
  title: ComponentChildren
  children?: ComponentChildren
}) => (
  <section class={`rail rail-${props.tone} ${props.isTaken ? 'taken' : ''}`}>
    {props.title}
    <ul class="line">{props.children}</ul>
  </section>
)

const BranchRail = (props: {
  fork: string
  forkName: string
  index: number
  fields: Fields
  path: Path
  took: number | undefined
  decidedAt: string
}) => {
  const texts = useTexts()
  const { index, fields, path, took } = props
  const what =
    fields.on !== undefined
      ? eventText(texts, fields.on)
      : fields.share !== undefined
        ? `${textOf(fields.share)} %`
        : conditionText(texts, fields.when)
  return (
    <Rail
      tone={index % 4}
      isTaken={took === index}
      title={
        <span class="rail-head" data-place={keyOf(path)}>
          {took === index ? <small class="quiet">{props.decidedAt}</small> : null}
          <CardButton
            chosen={keyOf(path)}
            icon="corner-down-right"
            title={branchWords(fields, index)}
            note={what}
            tone="branch"
          />
          <WayButton fork={props.fork} forkName={props.forkName} branch={index} took={took} />
        </span>
      }
    >
      <Items items={fields.steps} list={[...path, 'steps']} />
    </Rail>
  )
}

/** Chooses the branch that the simulated follower takes. */
const WayButton = (props: { fork: string; forkName: string; branch: number; took: number | undefined }) => {
  const store = useStore()
  const { fork, branch, took } = props
  const { texts } = store
  const isTaken = took === branch
  return (
    <button
      type="button"
      class={isTaken ? 'way on' : 'way'}
      aria-pressed={isTaken}
      title={isTaken ? texts.chosenWay : texts.showWay}
      aria-label={`${isTaken ? texts.chosenWay : texts.showWay} · ${props.forkName}`}
      onClick={() => store.takeBranch(fork, branch)}
    >
      <Icon name={isTaken ? 'check' : 'corner-down-right'} />
    </button>
  )
}

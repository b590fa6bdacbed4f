import type { ComponentChildren } from 'preact'
import { type Fields, isFields, listOf, textOf } from '../../../campaign/editing/campaign-items.ts'
import { withTokens } from '../../../campaign/editing/text-tokens.ts'
import { lineOf, type Path } from '../../../campaign/editing/yaml-edit.ts'
import { AddMenu } from './add-menu.tsx'
import { useStore, useTexts } from './context.ts'
import { Icon } from './icon.tsx'
import { IssueRow } from './issue-row.tsx'
import { issuesOfCard } from './issues.ts'
import { addBranch, elseName, forkKind } from './item-actions.ts'
import { yamlLine } from './item-forms.tsx'
import { excerptOf, kindOfMessage } from './message-fields.tsx'
import { GrantRow, Payment, stepPlay } from './payment.tsx'
import { keyOf } from './store.ts'
import { conditionText, dayAndTime, durationText, eventText, sinceEntry, timingText } from './wording.ts'

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
        <Row at={entry === undefined ? '' : texts.at.entry} lane={played?.grants[0]?.scene ?? null}>
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
          <Row at={sinceEntry(texts, played.endMs)} lane={null}>
            <p class="quiet">{texts.ends(dayAndTime(texts, played, played.endMs))}</p>
          </Row>
        ) : null}
      </ul>
      <ul class="line whole">
        <Row at="" lane={null}>
          <CardButton
            chosen="answers"
            icon="message-circle"
            title={texts.answersCard}
            note={texts.answersCount(answers.length)}
          />
        </Row>
        <Row at="" lane={null}>
          <CardButton chosen="campaign" icon="settings" title={texts.settings} note={textOf(fields.name)} />
        </Row>
      </ul>
    </section>
  )
}

/** A time, the lane of the grant that pays, and a card. */
const Row = (props: {
  at: string
  lane: string | null
  dot?: string
  dim?: boolean
  children?: ComponentChildren
}) => (
  <li class={props.dim ? 'row-of-line off-way' : 'row-of-line'}>
    <span class="when">{props.at}</span>
    <span class={`lane ${props.lane === null ? 'none' : `of-${props.lane}`}`} aria-hidden="true">
      {props.dot ? <i class={props.dot} /> : null}
    </span>
    <div class="body">{props.children}</div>
  </li>
)

/** A card. A click, or Enter, opens its form. */
const CardButton = (props: {
  chosen: string
  icon: string
  title: string
  note?: string
  tone?: string
  children?: ComponentChildren
}) => {
  const store = useStore()
  const { chosen } = props
  const issues = issuesOfCard(store, chosen)
  const isChosen = store.chosen === chosen
  return (
    <article class={`step-card ${props.tone ?? ''} ${isChosen ? 'chosen' : ''}`}>
      <button
        type="button"
        class="card-button"
        data-card={chosen}
        aria-current={isChosen ? 'true' : undefined}
        onClick={() => store.choose(chosen, true)}
      >
        <span class="card-title">
          <Icon name={props.icon} />
          <b translate={!chosen.startsWith('steps')}>{props.title}</b>
          {props.note ? <span class="quiet">{props.note}</span> : null}
        </span>
        {props.children}
      </button>
      {issues.length > 0 ? (
        <ul class="card-issues">
          {issues.map((issue) => (
            <IssueRow issue={issue} />
          ))}
        </ul>
      ) : null}
    </article>
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
          key={isFields(item) ? textOf(item.id) || i : i}
          item={item}
          path={[...list, i]}
          stepsOnly={stepsOnly}
        />
      ))}
      {items.at(-1) === 'end' ? null : (
        <Row at="" lane={null}>
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

const Item = ({ item, path, stepsOnly }: { item: unknown; path: Path; stepsOnly: boolean }) => {
  const store = useStore()
  const texts = useTexts()
  const index = Number(path.at(-1))
  const isLast = index === listOf(listAt(store.fields, path.slice(0, -1))).length - 1
  const below = store.chosen === keyOf(path) && item !== 'end' && !isLast
  return (
    <>
      {item === 'end' ? (
        <Row at="" lane={null}>
          <CardButton chosen={keyOf(path)} icon="square" title={texts.endCard} tone="end" />
        </Row>
      ) : !isFields(item) ? (
        <Row at="" lane={null}>
          <p class="quiet">
            {texts.cannotEdit} <a href={yamlLine(store, lineOf(store.text, path))}>{texts.openYaml}</a>
          </p>
        </Row>
      ) : 'branches' in item ? (
        <Fork fields={item} path={path} />
      ) : (
        <Step fields={item} path={path} />
      )}
      {below ? (
        <Row at="" lane={null}>
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
const listAt = (fields: Fields, path: Path): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<string | number, unknown> | undefined)?.[key], fields)

const ICONS: Readonly<Record<string, string>> = {
  text: 'type',
  image: 'image',
  voice: 'mic',
  video: 'video',
  music: 'music',
  news: 'newspaper',
  menu: 'list',
  miniprogram: 'layout-grid',
  article: 'file-text',
  card: 'ticket',
}
const ACTION_ICONS = [
  ['tag', 'tag'],
  ['untag', 'tag'],
  ['set', 'check'],
  ['webhook', 'webhook'],
  ['handover', 'users'],
  ['go', 'corner-down-right'],
] as const

const Step = ({ fields, path }: { fields: Fields; path: Path }) => {
  const store = useStore()
  const texts = useTexts()
  const { language } = store.data
  const play = stepPlay(store, textOf(fields.id))
  const [first, ...more] =
    fields.send === undefined ? [] : Array.isArray(fields.send) ? fields.send : [fields.send]
  const kind = isFields(first) ? kindOfMessage(first) : null
  const at = play ? sinceEntry(texts, play.atMs) : ''
  const isUnpaid = play !== undefined && play.paid === null && kind !== null
  const dot = play?.state === 'sent' ? 'dot' : play ? 'dot hollow' : ''
  return (
    <Row at={at} lane={play?.paid?.scene ?? null} dot={dot} dim={play === undefined && store.played !== null}>
      <CardButton
        chosen={keyOf(path)}
        icon={kind ? (ICONS[kind] ?? 'type') : 'check'}
        title={textOf(fields.id)}
        note={[timingText(texts, fields), conditionText(texts, fields.when)].filter(Boolean).join(' · ')}
        tone={isUnpaid ? 'unpaid' : ''}
      >
        {first === undefined ? null : (
          <span class="said">
            {withTokens(excerptOf(first), language) || texts.kinds[kind ?? 'text']}
            {more.length > 0 ? <small class="pill">+{more.length}</small> : null}
          </span>
        )}
        <span class="facts-line">
          <Payment play={play} sends={kind !== null} />
          {ACTION_ICONS.filter(([name]) => fields[name] !== undefined).map(([name, icon]) => (
            <span class="pill">
              <Icon name={icon} />
              {actionText(fields[name])}
            </span>
          ))}
        </span>
      </CardButton>
    </Row>
  )
}

function actionText(value: unknown): string {
  if (Array.isArray(value)) return value.map(String).join(' / ')
  return isFields(value)
    ? Object.entries(value)
        .map(([name, fact]) => `${name}=${String(fact)}`)
        .join(' / ')
    : textOf(value)
}

const Fork = ({ fields, path }: { fields: Fields; path: Path }) => {
  const store = useStore()
  const texts = useTexts()
  const kind = forkKind(fields)
  const id = textOf(fields.id)
  const decided = store.played?.forks.find((fork) => fork.fork === id)
  const branches = listOf(fields.branches)
  const note = kind === 'on' ? durationText(texts, fields.wait) : texts.forkKinds[kind]
  const at = decided && store.played ? sinceEntry(texts, decided.atMs) : ''
  const icon = kind === 'on' ? 'hourglass' : 'git-branch'
  const title = kind === 'on' ? texts.kinds.ask : kind === 'when' ? texts.kinds.condition : texts.kinds.split
  return (
    <Row at={at} lane={null} dim={decided === undefined && store.played !== null}>
      <CardButton chosen={keyOf(path)} icon={icon} title={title} note={`${id} · ${note}`} tone="fork" />
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
            index={b}
            fields={isFields(branch) ? branch : {}}
            path={[...path, 'branches', b]}
            took={decided?.took}
          />
        ))}
        <Rail
          tone={8}
          isTaken={decided?.took === -1}
          title={
            <span class="rail-head">
              <b>{elseName(store, fields)}</b>
              <WayButton fork={id} branch={-1} took={decided?.took} />
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
  index: number
  fields: Fields
  path: Path
  took: number | undefined
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
        <span class="rail-head">
          <CardButton
            chosen={keyOf(path)}
            icon="corner-down-right"
            title={textOf(fields.name) || String.fromCodePoint(97 + index)}
            note={what}
            tone="branch"
          />
          <WayButton fork={props.fork} branch={index} took={took} />
        </span>
      }
    >
      <Items items={fields.steps} list={[...path, 'steps']} />
    </Rail>
  )
}

/** Chooses the branch that the simulated follower takes. */
const WayButton = ({ fork, branch, took }: { fork: string; branch: number; took: number | undefined }) => {
  const store = useStore()
  const { texts } = store
  const isTaken = took === branch
  return (
    <button
      type="button"
      class={isTaken ? 'way on' : 'way'}
      aria-pressed={isTaken}
      title={isTaken ? texts.chosenWay : texts.showWay}
      aria-label={`${isTaken ? texts.chosenWay : texts.showWay} · ${fork}`}
      onClick={() =>
        store.set({
          branches: { ...store.branches, [fork]: branch },
          replies: store.replies === 'never' && branch >= 0 ? 'soon' : store.replies,
        })
      }
    >
      <Icon name={isTaken ? 'check' : 'corner-down-right'} />
    </button>
  )
}

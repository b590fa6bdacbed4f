import { GRANT_TEXTS } from '../../ui/bubble-texts.ts'
import { GrantMeter, type GrantScene } from '../../ui/grant-meter.tsx'
import { Code, Data, StatePill, Time } from '../components/basics.tsx'
import { type Column, DataTable } from '../components/data-table.tsx'
import { NearTime, TimeLeft } from '../components/near-time.tsx'
import { useReason } from '../components/reason-bars.tsx'
import { StepName, useStepNames } from '../components/step-name.tsx'
import type { OneFollower } from '../read-follower.ts'
import { ENTRY_EVENTS } from '../texts/follower-texts.ts'
import { FORK_STATES, STEP_STATES, useLabel } from '../texts/labels.ts'
import { ONE_FOLLOWER_TEXTS } from '../texts/one-follower-texts.ts'
import { OUTCOMES } from '../texts/reason-labels.ts'
import { useText } from '../view.ts'

type StepView = OneFollower['run']['steps'][number]
type ForkView = NonNullable<OneFollower['run']['forks']>[number]

/** The grant that would pay now, large, and those before it. */
export const GrantsCard = ({ follower }: { follower: OneFollower }) => {
  const texts = useText(ONE_FOLLOWER_TEXTS)
  const grantTexts = useText(GRANT_TEXTS)
  const { grant, now, conversation, isUnfollowed } = follower
  const until = grant ? new Date(grant.expiresAt).toISOString() : ''
  const isReplaced = (g: { scene: string; grantedAt: number }) =>
    conversation.grants.some((other) => other.scene === g.scene && other.grantedAt > g.grantedAt)
  return (
    <section class="card">
      <h2>{texts.allows}</h2>
      {grant ? (
        <div class="allowed">
          <GrantMeter
            texts={grantTexts}
            scene={grant.scene as GrantScene}
            used={grant.used}
            quota={grant.quota}
            size="large"
          />
          <p>
            <TimeLeft until={grant.expiresAt} now={now} large />
            <span class="quiet">
              <NearTime at={until} now={now} seconds /> {texts.until}
            </span>
          </p>
        </div>
      ) : (
        <p>
          {texts.nothing}
          <br />
          <span class="quiet">{isUnfollowed ? texts.unfollowed : texts.nothingHint}</span>
        </p>
      )}
      {conversation.grants.length > 0 ? (
        <ul class="lines" aria-label={texts.grantsBefore}>
          {[...conversation.grants].reverse().map((g) => {
            const isOver = g.expiresAt <= now
            return (
              <li>
                <GrantMeter
                  texts={grantTexts}
                  scene={g.scene as GrantScene}
                  used={Math.min(g.used, g.quota)}
                  quota={g.quota}
                  over={isOver || isReplaced(g)}
                  named
                  size="small"
                />
                <span class="quiet">
                  <NearTime at={new Date(g.grantedAt).toISOString()} now={now} seconds /> {texts.got}{' '}
                  {isReplaced(g) ? texts.replaced : isOver ? texts.over : null}
                </span>
              </li>
            )
          })}
        </ul>
      ) : null}
    </section>
  )
}

export const StepsCard = ({ follower: { run, models, now } }: { follower: OneFollower }) => {
  const texts = useText(ONE_FOLLOWER_TEXTS)
  const names = useStepNames(...models)
  const state = useLabel(STEP_STATES)
  const columns: Column<StepView>[] = [
    {
      title: texts.step,
      cell: (s) => (
        <>
          <StepName id={s.id} names={names} numbered />
          <StepTime step={s} now={now} />
        </>
      ),
    },
    {
      title: texts.state,
      cell: (s) => (
        <>
          <StatePill state={s.state} label={state(s.state)} />
          {s.reason || s.errcode !== null ? (
            <div class="step-reason">
              <StepReason step={s} />
            </div>
          ) : null}
        </>
      ),
    },
  ]
  return (
    <section class="card">
      <h2>{texts.steps}</h2>
      <DataTable columns={columns} rows={run.steps} />
    </section>
  )
}

/** When a step was sent, or is planned. */
const StepTime = ({ step, now }: { step: StepView; now: number }) => {
  const texts = useText(ONE_FOLLOWER_TEXTS)
  const at = step.sentAt ?? step.dueAt
  const late = latenessOf(step, texts)
  if (at === null) return null
  return (
    <div class="quiet">
      <NearTime at={at} now={now} seconds />
      {late === null ? null : ` · ${texts.late} ${late}`}
    </div>
  )
}

/** How much later than planned a step was sent; null: it was not sent. */
function latenessOf(
  { sentAt, dueAt }: StepView,
  texts: { seconds(count: string): string; minutes(count: string): string },
): string | null {
  if (sentAt === null || dueAt === null) return null
  const seconds = Math.max(0, Date.parse(sentAt) - Date.parse(dueAt)) / 1000
  return seconds < 100 ? texts.seconds(seconds.toFixed(1)) : texts.minutes(String(Math.round(seconds / 60)))
}

/** The reason in words; its code for engineers is the title. */
const StepReason = ({ step: { reason, errcode } }: { step: StepView }) => {
  const label = useReason()
  const words = reason ? label(reason) : null
  return (
    <span title={[reason, errcode].filter((code) => code !== null).join(' ')}>
      {words === reason && errcode !== null ? label(String(errcode)) : words}
    </span>
  )
}

const ForkTime = ({ title, at }: { title: string; at: string | null }) =>
  at === null ? null : (
    <div class="quiet" title={title}>
      <Time at={at} />
    </div>
  )

export const ForksCard = ({
  forks,
  models,
}: {
  forks: readonly ForkView[] | undefined
  models: OneFollower['models']
}) => {
  const texts = useText(ONE_FOLLOWER_TEXTS)
  const state = useLabel(FORK_STATES)
  const reason = useReason()
  const names = useStepNames(...models)
  if (!forks) return null
  const columns: Column<ForkView>[] = [
    { title: texts.fork, cell: (f) => <StepName id={f.id} names={names} numbered /> },
    {
      title: texts.state,
      cell: (f) => (
        <>
          <StatePill state={f.state} label={state(f.state)} />
          <ForkTime title={texts.waitsUntil} at={f.until} />
        </>
      ),
    },
    {
      title: texts.took,
      cell: (f) =>
        f.took === null && f.reason === null ? null : (
          <>
            {f.took === null ? null : <Data>{names.branch(f.id, f.took)}</Data>}{' '}
            {f.reason === null ? null : <span class="quiet">{reason(f.reason)}</span>}
            <ForkTime title={texts.decidedAt} at={f.takenAt} />
          </>
        ),
    },
  ]
  return (
    <section class="card">
      <h2>{texts.forks}</h2>
      <DataTable columns={columns} rows={forks} />
    </section>
  )
}

/** Where the follower came from, and what is known of the follower. */
export const AboutCard = ({ follower }: { follower: OneFollower }) => {
  const texts = useText(ONE_FOLLOWER_TEXTS)
  const event = useText(ENTRY_EVENTS)
  const outcome = useLabel(OUTCOMES)
  const { entry, attributes, facts, earlier, run, now } = follower
  const tags = attributes?.tags ?? []
  const named = Object.entries(facts)
  return (
    <section class="card">
      <h2>{texts.about}</h2>
      <dl class="about">
        <dt>{texts.source}</dt>
        <dd>
          {event[entry.event] ?? entry.event} {entry.qrScene ? <Code>{entry.qrScene}</Code> : null}
        </dd>
        <dt>{texts.tags}</dt>
        <dd>
          {tags.length === 0 ? <span class="quiet">{texts.noTags}</span> : null}
          <span class="tags">
            {tags.map((tag) => (
              <span class="tag" translate="no">
                {tag}
              </span>
            ))}
          </span>
        </dd>
        {named.length > 0 ? (
          <>
            <dt>{texts.facts}</dt>
            <dd>
              {named.map(([name, value]) => (
                <div>
                  <Code>{name}</Code> <Data>{String(value)}</Data>
                </div>
              ))}
            </dd>
          </>
        ) : null}
        {run.goal ? (
          <>
            <dt>{texts.goal}</dt>
            <dd>
              <Time at={run.goal.at} />{' '}
              {run.goal.value === null ? null : <Data>{String(run.goal.value)}</Data>}
            </dd>
          </>
        ) : null}
        <dt>{texts.earlier}</dt>
        <dd>
          {earlier.length === 0 ? texts.first : null}
          {earlier.map((before) => (
            <div>
              <Code>{`${before.campaign}@${before.version}`}</Code>{' '}
              <NearTime at={new Date(before.createdAt).toISOString()} now={now} />{' '}
              {before.outcome ? <span class="quiet">{outcome(before.outcome)}</span> : null}
            </div>
          ))}
        </dd>
        {run.runId ? (
          <>
            <dt translate="no">runId</dt>
            <dd>
              <Code>{run.runId}</Code>
            </dd>
          </>
        ) : null}
      </dl>
      {follower.warnings.map((warning) => (
        <p class="quiet">
          <Data>{warning}</Data>
        </p>
      ))}
    </section>
  )
}

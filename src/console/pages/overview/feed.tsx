import { maskId } from '../../../shared/ids.ts'
import type { Happening } from '../../../store/runs/recent-activity.ts'
import { Data } from '../../components/basics.tsx'
import { useNumber } from '../../components/numbers.tsx'
import { useReason } from '../../components/reason-bars.tsx'
import { HOLE, Sentence } from '../../components/sentence.tsx'
import { StepName, useStepNames, WithMedia } from '../../components/step-name.tsx'
import { ClockTime } from '../../components/times.tsx'
import { Icon, type IconName } from '../../design/icons.tsx'
import type { Overview, ShownHappening } from '../../overview/overview-data.ts'
import { followerPath } from '../../paths.ts'
import { useLabel } from '../../texts/labels.ts'
import { OVERVIEW_TEXTS } from '../../texts/overview-texts.ts'
import { OUTCOMES } from '../../texts/reason-labels.ts'
import { useText } from '../../view.ts'

/** The newest happenings. It stops while somebody reads it, see `browser/live.ts`. */
export const Feed = ({ overview, added = 0 }: { overview: Overview; added?: number }) => {
  const texts = useText(OVERVIEW_TEXTS)
  const number = useNumber()
  return (
    <section id="overview-feed" class="card" data-feed>
      <div class="card-head">
        <h2>{texts.feed}</h2>
        <button
          type="button"
          class="icon-button"
          data-pause-feed
          data-resume={texts.resumeFeed}
          aria-label={texts.pauseFeed}
          title={texts.pauseFeed}
        >
          <Icon name="pause" />
        </button>
      </div>
      {overview.feed.length === 0 ? <p class="quiet">{texts.noEvent}</p> : null}
      <ol class="feed">
        <WithMedia names={overview.media}>
          {overview.feed.map((item) => (
            <FeedItem item={item} overview={overview} />
          ))}
        </WithMedia>
      </ol>
      {added > overview.feed.length ? <p class="quiet">{texts.more(number(added))}</p> : null}
    </section>
  )
}

const ICONS: Record<Happening['kind'], [IconName, tone: string]> = {
  entered: ['user-plus', 'violet'],
  sent: ['check', 'green'],
  skipped: ['skip-forward', 'plain'],
  unknown: ['circle-alert', 'red'],
  ended: ['circle-check', 'plain'],
}

const FeedItem = ({ item, overview }: { item: ShownHappening; overview: Overview }) => {
  const texts = useText(OVERVIEW_TEXTS)
  const [icon, tone] = item.reason === 'unsubscribed' ? (['user-minus', 'plain'] as const) : ICONS[item.kind]
  const account = overview.accounts.find(({ appId }) => appId === item.appId)
  return (
    <li id={`happening-${idOf(item)}`}>
      <span class={`feed-icon ${tone}`}>
        <Icon name={icon} />
      </span>
      <span class="feed-text">
        <b>
          <HappeningText item={item} overview={overview} />
        </b>
        <small>
          {item.openId === null ? (
            texts.erased
          ) : (
            <a href={followerPath({ appId: item.appId, openId: item.openId })} translate="no">
              {maskId(item.openId)}
            </a>
          )}
          {' · '}
          <Data>{account?.name ?? item.appId}</Data>
        </small>
      </span>
      <ClockTime at={item.at} />
    </li>
  )
}

/** The same happening keeps its place in the page. */
function idOf({ kind, at, openId, step, campaign }: Happening): string {
  return [kind, at, openId ?? '', campaign, step ?? ''].join('-').replace(/[^\w-]/g, '_')
}

/** What happened, in words. Names of campaigns and steps are not translated. */
const HappeningText = ({ item, overview }: { item: ShownHappening; overview: Overview }) => {
  const texts = useText(OVERVIEW_TEXTS)
  const reasonText = useReason()
  const outcome = useLabel(OUTCOMES)
  const { kind, campaign, reason } = item
  const step = <StepName id={item.step ?? ''} names={useStepNames(item.model)} />
  switch (kind) {
    case 'entered': {
      const name = overview.campaigns.find(({ id }) => id === campaign)?.name ?? campaign
      return <Sentence text={texts.enteredCampaign(HOLE)} of={<Data>{name}</Data>} />
    }
    case 'sent':
      return <Sentence text={texts.sentStep(HOLE)} of={step} />
    case 'unknown':
      return <Sentence text={texts.unknownStep(HOLE)} of={step} />
    case 'skipped':
      return <Sentence text={texts.skippedStep(HOLE, reasonText(reason ?? ''))} of={step} />
    case 'ended':
      return <>{reason === 'unsubscribed' ? texts.unfollowed : texts.ended(outcome(reason ?? ''))}</>
    default:
      return kind satisfies never
  }
}

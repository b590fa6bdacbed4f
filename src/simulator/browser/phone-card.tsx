import { GrantMeter } from '../../ui/grant-meter.tsx'
import { timeLeft } from '../../ui/time-left.ts'
import type { FollowerView } from '../phone/view-types.ts'
import { whyLater } from '../phone/why-later.ts'
import { Icon } from './icon.tsx'
import { Phone } from './phone.tsx'
import { idIn } from './phone-ids.ts'
import type { PhoneState } from './phone-store.ts'
import { useStore } from './store-context.ts'
import { spanText } from './times.ts'

interface PhoneCardProps {
  phone: PhoneState
  index: number
  isPicked: boolean
}

/** A follower's phone, what WeChat allows for the follower now, and the follower's clock. */
export const PhoneCard = ({ phone, index, isPicked }: PhoneCardProps) => {
  const store = useStore()
  const { texts } = store
  const { view } = phone
  return (
    <article
      id={`phone-card-${index + 1}`}
      class={`phone-card ${isPicked && store.phones.length > 1 ? 'picked' : ''}`}
      aria-label={texts.phone(index + 1)}
      // Not when the pointer is pressed: what is beside the phones changes, and a button that moves before the release is not clicked.
      onClickCapture={() => store.pick(index)}
      onFocusCapture={({ target }) => {
        if (target instanceof Element && target.matches(':focus-visible')) store.pick(index)
      }}
    >
      <header>
        <b>{texts.phone(index + 1)}</b>
        <code translate={false} title={phone.key.openId}>
          {shortId(phone.key.openId)}
        </code>
        {store.phones.length > 1 ? (
          <button
            type="button"
            class="icon-button"
            aria-label={texts.remove(index + 1)}
            title={texts.remove(index + 1)}
            onClick={() => store.remove(index)}
          >
            <Icon name="x" />
          </button>
        ) : null}
      </header>
      {view ? (
        <>
          <Grants view={view} phone={phone} index={index} />
          <Phone view={view} phone={phone} index={index} />
          <Clock view={view} phone={phone} index={index} />
        </>
      ) : (
        <p class="quiet">{texts.loading}</p>
      )}
      <p id={idIn(index, 'problem')} class="problem" role="alert">
        {phone.problem}
      </p>
    </article>
  )
}

interface PartProps {
  view: FollowerView
  phone: PhoneState
  index: number
}

/** What WeChat allows now: a row of cells for each grant, with its countdown. */
const Grants = ({ view, phone, index }: PartProps) => {
  const { texts, grantTexts } = useStore()
  const now = Date.now() + phone.ahead
  const alive = view.grants.filter((g) => g.expiresAt > now).sort((a, b) => a.expiresAt - b.expiresAt)
  return (
    <ul class="phone-grants" id={idIn(index, 'grants')}>
      {alive.map(({ scene, used, quota, expiresAt }) => (
        <li key={scene} data-scene={scene}>
          <GrantMeter
            texts={grantTexts}
            scene={scene}
            used={used}
            quota={quota}
            left={texts.left(timeLeft(expiresAt - now))}
            named
          />
        </li>
      ))}
      {alive.length === 0 ? (
        <li class="quiet">{view.following ? texts.noGrant : texts.notFollowing}</li>
      ) : null}
    </ul>
  )
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

/** The follower's own clock, and what a follower or an agent does outside of the chat. */
const Clock = ({ view, phone, index }: PartProps) => {
  const store = useStore()
  const { texts, data } = store
  const forward = (how: { ms: number } | { toNext: true }) => void store.forward(phone, how)
  const isBusy = phone.isForwarding
  const why = isBusy
    ? null
    : whyLater({ view, nextAt: phone.nextAt, now: Date.now() + phone.ahead }, texts, store.happeningTexts)
  return (
    <footer>
      <div class="forward">
        <button
          type="button"
          id={idIn(index, 'to-next')}
          data-forward="next"
          disabled={isBusy}
          onClick={() => forward({ toNext: true })}
        >
          <Icon name="fast-forward" />
          {texts.toNext}
        </button>
        <button
          type="button"
          data-forward={MINUTE_MS}
          disabled={isBusy}
          onClick={() => forward({ ms: MINUTE_MS })}
        >
          {texts.minute}
        </button>
        <button
          type="button"
          data-forward={HOUR_MS}
          disabled={isBusy}
          onClick={() => forward({ ms: HOUR_MS })}
        >
          {texts.hour}
        </button>
      </div>
      <p class="quiet" aria-live="polite">
        {isBusy ? texts.forwarding : nextText(store, phone)}
      </p>
      {why === null ? null : (
        <p id={idIn(index, 'why-later')} class="quiet why-later">
          {why}
        </p>
      )}
      <p id={idIn(index, 'offset')} class="quiet clock-ahead" data-ahead-ms={view.offsetMs}>
        <Icon name="clock-arrow-up" />
        {view.offsetMs > 0 ? texts.ahead(spanText(view.offsetMs, data.language)) : texts.realTime}
      </p>
      <div class="forward">
        <button
          type="button"
          id={idIn(index, 'follow')}
          class={view.following ? '' : 'main'}
          onClick={() => void store.act(phone, { do: view.following ? 'unfollow' : 'follow' })}
        >
          <Icon name={view.following ? 'user-minus' : 'user-plus'} />
          {view.following ? texts.unfollow : texts.follow}
        </button>
        <button
          type="button"
          id={idIn(index, 'agent')}
          disabled={!view.following}
          onClick={() => void store.act(phone, agentAction(view))}
        >
          <Icon name="headset" />
          {view.agent === null ? texts.agentStart : texts.agentEnd}
        </button>
      </div>
    </footer>
  )
}

const agentAction = ({ agent }: FollowerView) =>
  agent === null ? { do: 'agent-joins' } : { do: 'agent-leaves', kfAccount: agent }

function nextText({ texts, data }: ReturnType<typeof useStore>, { nextAt, ahead }: PhoneState): string {
  if (nextAt === undefined) return '\u00a0'
  if (nextAt === null) return texts.noNext
  const left = nextAt - Date.now() - ahead
  return left <= 0 ? texts.nextNow : texts.nextIn(spanText(left, data.language))
}

const shortId = (openId: string) =>
  openId.length <= 12 ? openId : `${openId.slice(0, 5)}…${openId.slice(-4)}`

import { clockText } from '../../ui/near-time.ts'
import { describeHappening } from '../phone/describe-happening.ts'
import { FAULTS } from '../phone/phone-texts.ts'
import type { FollowerView } from '../phone/view-types.ts'
import { ActionForm } from './action-form.tsx'
import { Icon } from './icon.tsx'
import type { PhoneState } from './phone-store.ts'
import { useStore } from './store-context.ts'

type HappeningView = FollowerView['happenings'][number]
type Texts = ReturnType<typeof useStore>['happeningTexts']

/** Beside the phones: what happened on the chosen one, and what can be done to it. */
export const Side = () => {
  const store = useStore()
  const phone = store.pickedPhone
  if (!phone?.view) return <aside class="phone-side" />
  return (
    <aside class="phone-side">
      {phone.view.account.served ? null : <NoServer />}
      <Happenings phone={phone} view={phone.view} />
      <Codes phone={phone} view={phone.view} />
      <Faults phone={phone} view={phone.view} />
      <ActionForm phone={phone} />
    </aside>
  )
}

const NoServer = () => {
  const { texts, data } = useStore()
  return (
    <p class="note amber" role="status">
      <Icon name="triangle-alert" />
      <span>
        {texts.noServer} {data.authoriseUrl ? <a href={data.authoriseUrl}>{texts.authorise}</a> : null}
      </span>
    </p>
  )
}

interface CardProps {
  phone: PhoneState
  view: FollowerView
}

const Happenings = ({ phone, view }: CardProps) => {
  const { texts, happeningTexts, data, picked } = useStore()
  const { appId, openId } = phone.key
  return (
    <section class="card">
      <h2>{texts.happened(picked + 1)}</h2>
      {view.happenings.length === 0 ? <p class="quiet">{texts.nothing}</p> : null}
      <ol
        class="happenings"
        id="sends"
        aria-label={texts.happened(picked + 1)}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reached with the keyboard.
        tabIndex={0}
      >
        {view.happenings.toReversed().map((happening, i) => (
          <HappeningLine key={`${happening.at} ${i}`} happening={happening} texts={happeningTexts} />
        ))}
      </ol>
      {data.consoleUrl ? (
        <p>
          <a id="console-link" href={`${data.consoleUrl}/followers/${appId}/${encodeURIComponent(openId)}`}>
            <Icon name="external-link" /> {texts.openInConsole}
          </a>
        </p>
      ) : null}
    </section>
  )
}

const HappeningLine = ({ happening, texts }: { happening: HappeningView; texts: Texts }) => {
  const { icon, tone, title, detail } = describeHappening(happening, texts)
  return (
    <li>
      <span class={`dot ${tone}`}>
        <Icon name={icon} />
      </span>
      <span class="what">
        <b>{title}</b>
        <small>{detail}</small>
      </span>
      <time datetime={new Date(happening.at).toISOString()}>{clockText(happening.at, true)}</time>
    </li>
  )
}

const Codes = ({ phone, view }: CardProps) => {
  const store = useStore()
  const { texts } = store
  const scan = (qrScene: string) => void store.act(phone, { do: view.following ? 'scan' : 'follow', qrScene })
  return (
    <section class="card">
      <h2>{texts.codes}</h2>
      <p class="quiet">{view.account.qrScenes.length === 0 ? texts.noCodes : texts.codesHint}</p>
      <div class="chips" id="scenes">
        {view.account.qrScenes.map((scene) => (
          <button type="button" class="chip" key={scene} onClick={() => scan(scene)}>
            <Icon name="qr-code" />
            {scene}
          </button>
        ))}
      </div>
    </section>
  )
}

/** Whether two faults are the same, whatever the calls that they still affect. */
const isSame = (a: object, b: object) => withoutTimes(a) === withoutTimes(b)
const withoutTimes = (fault: object) =>
  JSON.stringify(
    Object.entries(fault)
      .filter(([field]) => field !== 'times')
      .sort(),
  )

const Faults = ({ phone, view }: CardProps) => {
  const store = useStore()
  const { texts, data } = store
  const timesOf = (order: object) => {
    const active = view.faults.find((fault) => isSame(fault, order))
    return active ? (active.times ?? 1) : 0
  }
  const known: readonly object[] = FAULTS.flatMap(({ order }) => (typeof order === 'object' ? [order] : []))
  const others = view.faults.filter((fault) => !known.some((order) => isSame(fault, order)))
  return (
    <section class="card">
      <div class="card-head">
        <h2>{texts.faults}</h2>
        <button type="button" id="clear-faults" onClick={() => void store.clearFaults(phone)}>
          {texts.clear}
        </button>
      </div>
      <p class="quiet">{texts.faultsHint}</p>
      <div class="chips" id="faults">
        {FAULTS.map(({ key, zh, en, order }) => {
          const left = typeof order === 'object' ? timesOf(order) : 0
          const request = order === 'invalidateToken' ? { invalidateToken: phone.key.appId } : order
          return (
            <button
              type="button"
              class={left > 0 ? 'chip on' : 'chip'}
              key={key}
              data-fault={key}
              onClick={() => void store.addFault(phone, request)}
            >
              {data.language === 'zh' ? zh : en}
              {left > 0 ? <b> · {texts.times(left)}</b> : null}
            </button>
          )
        })}
      </div>
      {others.map((fault) => (
        <p class="quiet" key={JSON.stringify(fault)}>
          {texts.otherFault}: <code translate={false}>{JSON.stringify(fault)}</code>
        </p>
      ))}
    </section>
  )
}

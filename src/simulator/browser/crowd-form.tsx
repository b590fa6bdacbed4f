import type { Behaviour, CrowdProblem } from '../crowd/crowd-settings.ts'
import type { CrowdStore } from './crowd-store.ts'
import { Icon } from './icon.tsx'

/** Size, time and mix of the next crowd. */
export const CrowdForm = ({ store }: { store: CrowdStore }) => {
  const { texts, data, settings, isRunning } = store
  const start = (event: Event) => {
    event.preventDefault()
    void store.start()
  }
  const rate = settings.followers / settings.seconds
  return (
    <form class="card crowd-form" onSubmit={start} noValidate>
      <h2>{texts.settings}</h2>
      {data.accounts.length > 1 ? <AccountChoice store={store} /> : null}
      <fieldset disabled={isRunning} class="plain">
        <div class="crowd-size">
          <NumberField store={store} name="followers" title={texts.followers} />
          <NumberField store={store} name="seconds" title={texts.seconds} />
        </div>
        <p class="quiet">{Number.isFinite(rate) && rate > 0 ? texts.rate(rounded(rate)) : '\u00a0'}</p>
        <div class="field">
          <label for="crowd-reply">{texts.reply}</label>
          <input
            id="crowd-reply"
            maxLength={100}
            value={settings.reply}
            onInput={({ currentTarget }) =>
              store.set({ settings: { ...settings, reply: currentTarget.value } })
            }
          />
          <p class="hint">{texts.replyHint}</p>
          <Problem store={store} field="reply" />
        </div>
        <fieldset class="plain">
          <legend>{texts.mix}</legend>
          <Mix store={store} />
          <Problem store={store} field="mix" />
        </fieldset>
        {data.hasFastClock ? <FastClock store={store} /> : null}
      </fieldset>
      {store.error ? (
        <p class="problem" role="alert">
          {store.error}
        </p>
      ) : null}
      {isRunning ? null : (
        <div class="row">
          <button type="submit" class="main" id="start-crowd" disabled={store.isBusy}>
            <Icon name="play" />
            {store.isBusy ? texts.starting : store.crowd ? texts.restart : texts.start}
          </button>
        </div>
      )}
    </form>
  )
}

const FastClock = ({ store }: { store: CrowdStore }) => {
  const { texts, settings } = store
  return (
    <div class="field">
      <label class="check">
        <input
          id="crowd-fast-clock"
          type="checkbox"
          checked={settings.fastClock}
          onChange={({ currentTarget }) =>
            store.set({ settings: { ...settings, fastClock: currentTarget.checked } })
          }
        />
        {texts.fastClock}
      </label>
      <p class="hint">{texts.fastClockHint}</p>
      <Problem store={store} field="fastClock" />
    </div>
  )
}

const AccountChoice = ({ store }: { store: CrowdStore }) => (
  <div class="field">
    <label for="crowd-account">{store.texts.account}</label>
    <select
      id="crowd-account"
      value={store.data.appId}
      onChange={({ currentTarget }) => {
        location.href = `/crowd/${encodeURIComponent(currentTarget.value)}`
      }}
    >
      {store.data.accounts.map(({ appId, name }) => (
        <option key={appId} value={appId}>
          {name}
        </option>
      ))}
    </select>
  </div>
)

const NumberField = (props: { store: CrowdStore; name: 'followers' | 'seconds'; title: string }) => {
  const { store, name, title } = props
  const value = store.settings[name]
  return (
    <div class="field">
      <label for={`crowd-${name}`}>{title}</label>
      <input
        id={`crowd-${name}`}
        inputMode="numeric"
        value={Number.isNaN(value) ? '' : value}
        onInput={({ currentTarget }) => {
          const number = currentTarget.value.trim() === '' ? Number.NaN : Number(currentTarget.value)
          store.set({ settings: { ...store.settings, [name]: number } })
        }}
      />
      <Problem store={store} field={name} />
    </div>
  )
}

const Problem = ({ store, field }: { store: CrowdStore; field: CrowdProblem['field'] }) => {
  const found = store.problems.find((p) => p.field === field)
  if (!found) return null
  return (
    <p class="problem" role="alert">
      <Icon name="circle-alert" />
      {problemText(store, found)}
    </p>
  )
}

function problemText({ texts, data }: CrowdStore, { field, problem }: CrowdProblem): string {
  const number = (n: number) => n.toLocaleString('en')
  if (problem === 'too-fast') return texts.problems.tooFast(number(data.limits.perSecond))
  if (problem === 'no-clock') return texts.problems.noClock
  if (field === 'followers') return texts.problems.followers(number(data.limits.followers))
  if (field === 'seconds') return texts.problems.seconds(number(data.limits.seconds))
  return texts.problems[field]
}

/** A slider for each behaviour; beside it the share of the followers. */
const Mix = ({ store }: { store: CrowdStore }) => {
  const { texts, data, settings, crowd } = store
  const all = Object.keys(data.defaults.mix) as Behaviour[]
  const total = all.reduce((sum, b) => sum + settings.mix[b], 0)
  return (
    <ul class="crowd-mix">
      {all.map((behaviour) => {
        const share = total === 0 ? 0 : Math.round((settings.mix[behaviour] / total) * 100)
        const example = crowd?.examples[behaviour]
        return (
          <li key={behaviour}>
            <label for={`mix-${behaviour}`}>{texts.behaviours[behaviour]}</label>
            <input
              id={`mix-${behaviour}`}
              type="range"
              min="0"
              max="100"
              value={settings.mix[behaviour]}
              aria-valuetext={`${share}%`}
              onInput={({ currentTarget }) =>
                store.set({
                  settings: {
                    ...settings,
                    mix: { ...settings.mix, [behaviour]: Number(currentTarget.value) },
                  },
                })
              }
            />
            <b>{share}%</b>
            {example ? (
              <a
                class="icon-button"
                href={`/phone/${data.appId}/${example}`}
                title={texts.look}
                aria-label={`${texts.look}: ${texts.behaviours[behaviour]}`}
              >
                <Icon name="smartphone" />
              </a>
            ) : (
              <span class="icon-place" />
            )}
          </li>
        )
      })}
    </ul>
  )
}

const rounded = (n: number) =>
  n >= 10 ? Math.round(n).toLocaleString('en') : String(Math.round(n * 10) / 10)

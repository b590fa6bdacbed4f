// The script of the page of the phones.
import { render } from 'preact'
import type { PhonesData } from '../phone/view-types.ts'
import { Icon } from './icon.tsx'
import { PhoneCard } from './phone-card.tsx'
import { idOf, newOpenId, PhoneStore } from './phone-store.ts'
import { Side } from './side.tsx'
import { StoreContext, useStore } from './store-context.ts'

const place = document.getElementById('phones')
if (place?.dataset.phones) {
  const store = new PhoneStore(JSON.parse(place.dataset.phones) as PhonesData)
  const draw = () =>
    render(
      <StoreContext.Provider value={store}>
        <PhonesPage />
      </StoreContext.Provider>,
      place,
    )
  // The server has written that the page is being opened.
  place.replaceChildren()
  draw()
  store.start(draw)
}

const PhonesPage = () => {
  const store = useStore()
  const { texts, phones, picked } = store
  return (
    <>
      {store.isConnected ? null : (
        <p class="note amber" role="alert">
          <Icon name="triangle-alert" />
          <span>{texts.connectionLost}</span>
        </p>
      )}
      <Toolbar />
      <div class={phones.length > 1 ? 'phones-and-side many' : 'phones-and-side'}>
        <section class="phones" aria-label={texts.phones} data-count={phones.length}>
          {phones.map((phone, i) => (
            <PhoneCard key={idOf(phone.key)} phone={phone} index={i} isPicked={i === picked} />
          ))}
        </section>
        <Side />
      </div>
    </>
  )
}

/** Which phones are shown. */
const Toolbar = () => {
  const store = useStore()
  const { texts, data, phones, picked } = store
  const here = store.pickedPhone?.key.appId ?? data.accounts[0]?.appId ?? ''
  const isFull = phones.length >= data.maxPhones
  const known = data.followers.filter((f) => !phones.some(({ key }) => idOf(key) === idOf(f)))
  return (
    <div class="phone-tools">
      {phones.length > 1 ? (
        <fieldset class="phone-switch" aria-label={texts.phones}>
          {phones.map((phone, i) => (
            <button
              key={idOf(phone.key)}
              type="button"
              aria-pressed={i === picked}
              onClick={() => {
                store.pick(i)
                document
                  .getElementById(`phone-card-${i + 1}`)
                  ?.scrollIntoView({ block: 'nearest', inline: 'center' })
              }}
            >
              {texts.phone(i + 1)}
            </button>
          ))}
        </fieldset>
      ) : null}
      {known.length > 0 ? (
        <select
          id="follower"
          aria-label={texts.knownFollower}
          disabled={isFull}
          value=""
          onChange={({ currentTarget }) => {
            const key = known[Number(currentTarget.value)]
            currentTarget.value = ''
            if (key) store.add(key)
          }}
        >
          <option value="">{texts.knownFollower}</option>
          {known.map((key, i) => (
            <option key={idOf(key)} value={i}>
              {nameOf(data.accounts, key.appId)} · {key.openId}
            </option>
          ))}
        </select>
      ) : null}
      {data.accounts.length > 1 ? (
        <select
          id="account"
          aria-label={texts.account}
          value={here}
          onChange={({ currentTarget }) => {
            location.href = `/phone/${encodeURIComponent(currentTarget.value)}`
          }}
        >
          {data.accounts.map(({ appId, name }) => (
            <option key={appId} value={appId}>
              {name}
            </option>
          ))}
        </select>
      ) : null}
      <button
        type="button"
        class="main"
        id="new-phone"
        disabled={isFull}
        title={isFull ? texts.most(data.maxPhones) : undefined}
        onClick={() => store.add({ appId: here, openId: newOpenId() })}
      >
        <Icon name="plus" />
        {texts.newPhone}
      </button>
    </div>
  )
}

const nameOf = (accounts: readonly { appId: string; name: string }[], appId: string) =>
  accounts.find((a) => a.appId === appId)?.name ?? appId

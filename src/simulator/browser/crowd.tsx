// The script of the page of the crowd.
import { render } from 'preact'
import type { CrowdPageData } from '../crowd/crowd-view.ts'
import { CrowdFigures } from './crowd-figures.tsx'
import { CrowdForm } from './crowd-form.tsx'
import { CrowdStore } from './crowd-store.ts'
import { Icon } from './icon.tsx'

const place = document.getElementById('crowd')
if (place?.dataset.crowd) {
  const store = new CrowdStore(JSON.parse(place.dataset.crowd) as CrowdPageData)
  const draw = () => render(<CrowdPage store={store} />, place)
  // The server has written that the page is being opened.
  place.replaceChildren()
  draw()
  store.open(draw)
}

const CrowdPage = ({ store }: { store: CrowdStore }) => {
  const { texts, data } = store
  return (
    <>
      {store.isConnected ? null : <Note text={texts.connectionLost} />}
      {data.served ? null : <Note text={texts.noServer} />}
      <div class={store.crowd ? 'crowd-columns started' : 'crowd-columns'}>
        <CrowdForm store={store} />
        <CrowdFigures store={store} />
      </div>
    </>
  )
}

const Note = ({ text }: { text: string }) => (
  <p class="note amber" role="status">
    <Icon name="triangle-alert" />
    <span>{text}</span>
  </p>
)

import type { MediumView } from '../../api/views/media-view.ts'
import { timeInBeijing } from '../../shared/beijing-time.ts'
import { Data, NextPage } from '../components/basics.tsx'
import { Fact, Facts } from '../components/facts.tsx'
import {
  CopyRow,
  FormDialog,
  FormProblem,
  type FormState,
  OpensDialog,
  SelectField,
} from '../components/forms.tsx'
import { Icon } from '../design/icons.tsx'
import { campaignPath } from '../paths.ts'
import { Page } from '../shell/page.tsx'
import { MEDIA_TEXTS } from '../texts/media-texts.ts'
import { useMay, useText, useView } from '../view.ts'

const KB = 1024
const TYPES = ['image', 'voice', 'video', 'thumb'] as const

/** What was uploaded, where WeChat has a copy, and which campaigns send it. */
export const MediaPage = (props: {
  items: MediumView[]
  next: string | null
  state: FormState
  now: number
}) => {
  const texts = useText(MEDIA_TEXTS)
  const { items, state } = props
  return (
    <Page title={texts.title} at="/media" aside={<Upload state={state} />}>
      {items.length === 0 ? (
        <div class="empty">
          <p>{texts.empty}</p>
          <p>{texts.emptyHint}</p>
        </div>
      ) : (
        <ul class="media-cards">
          {items.map((medium) => (
            <li class="card">
              <Medium medium={medium} now={props.now} />
            </li>
          ))}
        </ul>
      )}
      <NextPage cursor={props.next} />
    </Page>
  )
}

const Upload = ({ state }: { state: FormState }) => {
  const texts = useText(MEDIA_TEXTS)
  if (!useMay('operator')) return null
  const types = [
    { value: '', label: texts.byContent },
    ...TYPES.map((value) => ({ value, label: texts.types[value] })),
  ]
  return (
    <>
      <OpensDialog dialog="upload-medium" label={texts.upload} icon="upload" tone="main" />
      <FormDialog
        id="upload-medium"
        title={texts.upload}
        action="/media"
        submit={texts.upload}
        open={Object.keys(state.problems).length > 0}
        multipart
      >
        <FormProblem state={state} />
        <div class={state.problems.file === undefined ? 'field' : 'field wrong'}>
          <label for="f-file">{texts.file}</label>
          <p class="hint" id="h-file">
            {texts.limits}
          </p>
          <input
            id="f-file"
            name="file"
            type="file"
            accept="image/png,image/jpeg,image/gif,audio/mpeg,.amr,video/mp4"
            aria-describedby={state.problems.file === undefined ? 'h-file' : 'h-file p-file'}
            required
          />
          {state.problems.file === undefined ? null : (
            <p class="problem" id="p-file">
              <Icon name="circle-alert" />
              <span>{state.problems.file}</span>
            </p>
          )}
        </div>
        <SelectField name="type" label={texts.type} state={state} options={types} required />
      </FormDialog>
    </>
  )
}

const Medium = ({ medium, now }: { medium: MediumView; now: number }) => {
  const texts = useText(MEDIA_TEXTS)
  return (
    <>
      <Preview medium={medium} />
      <h2 translate="no">{medium.filename}</h2>
      <p class="quiet">
        {texts.types[medium.type]} · <Size bytes={medium.bytes} /> ·{' '}
        {texts.uploaded(timeInBeijing(Date.parse(medium.createdAt)).slice(0, 16))}
      </p>
      <Facts layout="one">
        <Fact name={texts.usedBy}>
          {medium.campaigns.length === 0
            ? texts.unused
            : medium.campaigns.map((id) => (
                <a class="listed" href={campaignPath(id)} translate="no">
                  {id}
                </a>
              ))}
        </Fact>
        <Fact name={texts.atWechat}>
          {medium.uploads.length === 0
            ? texts.notAtWechat
            : medium.uploads.map((upload) => <Copy upload={upload} now={now} />)}
        </Fact>
      </Facts>
      <CopyRow label={texts.copyId} text={medium.id} />
    </>
  )
}

const Copy = ({ upload, now }: { upload: MediumView['uploads'][number]; now: number }) => {
  const texts = useText(MEDIA_TEXTS)
  const expiresAt = Date.parse(upload.expiresAt)
  return (
    <div>
      {expiresAt <= now
        ? texts.expired(upload.appId)
        : texts.until(upload.appId, timeInBeijing(expiresAt).slice(0, 16))}
    </div>
  )
}

const Size = ({ bytes }: { bytes: number }) => {
  const { language } = useView()
  const inMb = bytes >= KB * KB
  const value = bytes / (inMb ? KB * KB : KB)
  return <>{`${value.toLocaleString(language, { maximumFractionDigits: 1 })} ${inMb ? 'MB' : 'KB'}`}</>
}

const Preview = ({ medium }: { medium: MediumView }) => {
  const texts = useText(MEDIA_TEXTS)
  const source = `/media/${medium.id}/content`
  if (medium.contentType.startsWith('image/'))
    return <img class="medium" src={source} alt={medium.filename} loading="lazy" />
  if (medium.contentType === 'video/mp4')
    // biome-ignore lint/a11y/useMediaCaption: an upload has none
    return <video class="medium" src={source} controls preload="none" aria-label={medium.filename} />
  if (medium.contentType === 'audio/mpeg')
    // biome-ignore lint/a11y/useMediaCaption: an upload has none
    return <audio class="medium" src={source} controls preload="none" aria-label={medium.filename} />
  return (
    <p class="medium quiet">
      {texts.noPreview}{' '}
      <a href={source} download={medium.filename}>
        {texts.download} <Data>{medium.filename}</Data>
      </a>
    </p>
  )
}

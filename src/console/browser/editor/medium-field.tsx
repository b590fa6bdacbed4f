import { useState } from 'preact/hooks'
import type { Fields } from '../../../campaign/editing/campaign-items.ts'
import { type Path, setField } from '../../../campaign/editing/yaml-edit.ts'
import { CallRefused, uploadMedium } from './calls.ts'
import { useStore, useTexts } from './context.ts'
import { fieldId, TextField } from './fields.tsx'

const ACCEPTED: Readonly<Record<string, string>> = {
  image: 'image/png,image/jpeg,image/gif,image/bmp',
  voice: 'audio/mpeg,audio/amr,.mp3,.amr',
  video: 'video/mp4',
  thumb: 'image/jpeg',
}

/** A medium of a message: uploaded, or named by its id. */
export const MediumField = (props: {
  path: Path
  name: 'file' | 'thumb'
  label: string
  fields: Fields
  type: 'image' | 'voice' | 'video' | 'thumb'
}) => {
  const store = useStore()
  const texts = useTexts()
  const [state, setState] = useState('')
  const { path, name, fields, type } = props
  // A medium that WeChat keeps has its id there.
  const shown = name === 'file' && fields.mediaId !== undefined ? 'mediaId' : name
  const at = [...path, shown]
  const upload = async (file: File) => {
    setState(texts.uploading)
    try {
      const id = await uploadMedium(file, type)
      store.edit((text) => {
        const stored = setField(text, [...path, name], id)
        return shown === 'mediaId' ? setField(stored, [...path, 'mediaId'], undefined) : stored
      })
      setState('')
    } catch (err) {
      setState(texts.uploadFailed(err instanceof CallRefused ? err.message : String(err)))
    }
  }
  return (
    <div class="medium-field">
      <TextField
        path={at}
        label={props.label}
        value={fields[shown]}
        kept={true}
        hint={texts.fileHint}
        placeholder={texts.noFile}
      />
      <label class="button" for={`${fieldId(at)}-upload`}>
        {texts.upload}
      </label>
      <input
        id={`${fieldId(at)}-upload`}
        class="off-screen"
        type="file"
        accept={ACCEPTED[type]}
        aria-label={`${texts.upload} · ${props.label}`}
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? []
          if (file) void upload(file)
          currentTarget.value = ''
        }}
      />
      <p class="quiet" role="status">
        {state}
      </p>
    </div>
  )
}

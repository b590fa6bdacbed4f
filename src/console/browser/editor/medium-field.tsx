import { useEffect, useState } from 'preact/hooks'
import { type Fields, textOf } from '../../../campaign/editing/campaign-items.ts'
import { type Path, setField } from '../../../campaign/editing/yaml-edit.ts'
import type { MediumType } from '../../editor-data.ts'
import { CallRefused, type LibraryFile, readLibrary, uploadMedium } from './calls.ts'
import { useStore, useTexts } from './context.ts'
import { fieldId, leaves, Problems, TextField } from './fields.tsx'
import { MediumPreview } from './medium-preview.tsx'
import { keyOf } from './store.ts'

const ACCEPTED: Readonly<Record<MediumType, string>> = {
  image: 'image/png,image/jpeg,image/gif,image/bmp',
  voice: 'audio/mpeg,audio/amr,.mp3,.amr',
  video: 'video/mp4',
  thumb: 'image/jpeg',
}

interface MediumProps {
  path: Path
  name: 'file' | 'thumb'
  label: string
  fields: Fields
  type: MediumType
}

/** A medium of a message: uploaded, taken from the library, or named by its id. */
export const MediumField = (props: MediumProps) => {
  const store = useStore()
  const texts = useTexts()
  const [state, setState] = useState('')
  const { path, name, fields, type, label } = props
  // A medium that WeChat keeps has its id there.
  const shown = name === 'file' && fields.mediaId !== undefined ? 'mediaId' : name
  const at = [...path, shown]
  const take = (id: string, filename: string) => {
    store.media = { ...store.media, [id]: { filename, type } }
    store.edit((text) => {
      const stored = setField(text, [...path, name], id)
      return shown === 'mediaId' ? setField(stored, [...path, 'mediaId'], undefined) : stored
    })
  }
  const upload = async (file: File) => {
    setState(texts.uploading)
    try {
      take(await uploadMedium(file, type), file.name)
      setState('')
    } catch (err) {
      setState(texts.uploadFailed(err instanceof CallRefused ? err.message : String(err)))
    }
  }
  const id = textOf(fields[shown])
  const isKnown = store.mediumOf(id) !== null
  return (
    <fieldset class="medium-field" onFocusOut={leaves(store, at, true)}>
      <legend>{label}</legend>
      <MediumPreview id={id} />
      <LibraryMenu label={label} type={type} onPick={take} />
      <label class="button" for={`${fieldId(at)}-upload`}>
        {texts.upload}
      </label>
      <input
        id={`${fieldId(at)}-upload`}
        class="off-screen"
        type="file"
        accept={ACCEPTED[type]}
        aria-label={`${texts.upload} · ${label}`}
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? []
          if (file) void upload(file)
          currentTarget.value = ''
        }}
      />
      <p class="quiet" role="status">
        {state}
      </p>
      <Problems path={at} />
      <details open={id !== '' && !isKnown} key={`${keyOf(at)} ${isKnown}`}>
        <summary>{texts.fileById}</summary>
        <TextField
          path={at}
          label={`${label} ID`}
          value={id}
          kept={true}
          hint={texts.fileHint}
          isSilent={true}
        />
      </details>
    </fieldset>
  )
}

/** The files of the library that may be this medium, newest first. */
const LibraryMenu = (props: {
  label: string
  type: MediumType
  onPick: (id: string, filename: string) => void
}) => {
  const texts = useTexts()
  const [files, setFiles] = useState<readonly LibraryFile[]>([])
  useEffect(() => {
    let isShown = true
    // Without the list, a file can still be uploaded.
    void readLibrary(props.type).then(
      (found) => isShown && setFiles(found),
      () => undefined,
    )
    return () => {
      isShown = false
    }
  }, [props.type])
  if (files.length === 0) return null
  return (
    <select
      class="library-menu"
      aria-label={`${texts.fromLibrary} · ${props.label}`}
      value=""
      onChange={({ currentTarget }) => {
        const file = files.find(({ id }) => id === currentTarget.value)
        currentTarget.value = ''
        if (file) props.onPick(file.id, file.filename)
      }}
    >
      <option value="">{texts.fromLibrary}</option>
      {files.map(({ id, filename }) => (
        <option value={id}>{filename}</option>
      ))}
    </select>
  )
}

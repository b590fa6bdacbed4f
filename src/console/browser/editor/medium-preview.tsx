import { useStore } from './context.ts'

/** An uploaded file as it looks or sounds, with its name; nothing for another id. */
export const MediumPreview = ({ id, hasName = true }: { id: string; hasName?: boolean }) => {
  const medium = useStore().mediumOf(id)
  if (!medium) return null
  const { filename, type } = medium
  const source = `/media/${id}/content`
  return (
    <span class="medium-preview">
      {type === 'image' || type === 'thumb' ? <img src={source} alt={filename} loading="lazy" /> : null}
      {type === 'voice' ? (
        // biome-ignore lint/a11y/useMediaCaption: a voice message has no captions
        <audio src={source} controls preload="none" aria-label={filename} />
      ) : null}
      {type === 'video' ? (
        // biome-ignore lint/a11y/useMediaCaption: a video message has no captions
        <video src={source} controls preload="metadata" aria-label={filename} />
      ) : null}
      {hasName ? <b translate={false}>{filename}</b> : null}
    </span>
  )
}

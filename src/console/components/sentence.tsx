import type { Child } from 'hono/jsx'

/** Where an element stands in a sentence. */
export const HOLE = '{name}'

/** A sentence with an element in it, such as a name that is not translated. */
export const Sentence = ({ text, of }: { text: string; of: Child }) => {
  const at = text.indexOf(HOLE)
  if (at < 0) return <>{text}</>
  return (
    <>
      {text.slice(0, at)}
      {of}
      {text.slice(at + HOLE.length)}
    </>
  )
}

import type { PlayedStep } from '../../../campaign/played-choice.ts'
import { reasonWords } from '../../texts/reason-labels.ts'
import { useStore, useTexts } from './context.ts'
import { Icon } from './icon.tsx'
import type { EditorStore } from './store.ts'
import { durationText, spanText } from './wording.ts'

/** What the simulated follower gets of a step; undefined: it is not on the way. */
export function stepPlay({ played }: EditorStore, id: string): PlayedStep | undefined {
  const found = played?.steps.find(({ step }) => step === id)
  const isElsewhere = found && (found.reason === 'other-branch' || found.reason === 'wait-over')
  if (found && !isElsewhere) return found
  if (isElsewhere || !played?.left.includes(id)) return undefined
  return { step: id, atMs: played.endMs, heldMs: null, state: 'held', reason: null, paid: null, quiet: null }
}

const isPlayed = ({ played }: EditorStore, id: string): boolean =>
  played !== null && (played.steps.some(({ step }) => step === id) || played.left.includes(id))

/** Which grant pays a message, or that none does. */
export const Payment = (props: { id: string; play: PlayedStep | undefined; sends: boolean }) => {
  const { id, play, sends } = props
  const texts = useTexts()
  const store = useStore()
  // A new step is in no played way before its errors are corrected.
  if (!play) return isPlayed(store, id) ? <span class="pill">{texts.unreached}</span> : null
  if (!sends) return null
  const quiet = play.quiet === null ? null : play.quiet === 'after' ? texts.quietAfter : texts.quietBefore
  if (play.paid)
    return (
      <>
        <span class={`paid of-${play.paid.scene}`}>
          <i aria-hidden="true" />
          {texts.paid(texts.grantNames[play.paid.scene], play.paid.nth, play.paid.of)}
        </span>
        {quiet ? (
          <span class="pill amber">
            <Icon name="moon" />
            {quiet}
          </span>
        ) : null}
      </>
    )
  return (
    <span class="pill amber">
      <Icon name="hourglass" />
      {unpaidText(store, play)}
    </span>
  )
}

/**
 * Why a message does not go at its time. One that waits for a grant says so also where nobody comes back: what is shown follows
 * from what the simulated follower does.
 */
export function unpaidText(
  { texts, data, fields }: Pick<EditorStore, 'texts' | 'data' | 'fields'>,
  { state, reason, heldMs }: PlayedStep,
): string {
  const window = durationText(texts, fields.window ?? '48h')
  const isWindow = reason?.startsWith('window-closed') ?? false
  if (state === 'skipped') {
    if (isWindow) return heldMs === null ? texts.windowOver(window) : texts.needsReply(window)
    return reason === null ? texts.skipped : texts.skippedFor(reasonWords(reason, data.language))
  }
  return reason === null || reason === 'no-grant'
    ? texts.needsReply(window)
    : texts.heldFor(reasonWords(reason, data.language))
}

/** The messages that an event opens. */
export const GrantRow = ({ index }: { index: number }) => {
  const texts = useTexts()
  const grant = useStore().played?.grants[index]
  if (!grant) return null
  const lasts = spanText(texts, grant.endsAtMs - grant.atMs)
  return (
    <span class={`paid of-${grant.scene}`}>
      <i aria-hidden="true" />
      {texts.grantOpens(texts.grantNames[grant.scene], grant.of, lasts)}
    </span>
  )
}

/** Above the form of a step: which grant pays it and how long that lasts then, or why none does. */
export const PaymentNote = ({ id }: { id: string }) => {
  const texts = useTexts()
  const store = useStore()
  const play = stepPlay(store, id)
  if (!play)
    return (
      <p class="note payment-note">
        <Icon name="hourglass" />
        <span>{isPlayed(store, id) ? texts.unreached : texts.notPlayed}</span>
      </p>
    )
  const { paid } = play
  if (paid) {
    const left = spanText(texts, paid.leftMs)
    return (
      <p class="note green payment-note">
        <Icon name="circle-check" />
        <span>{texts.paidNote(texts.grantNames[paid.scene], paid.nth, left)}</span>
      </p>
    )
  }
  if (play.state === 'sent') return null
  return (
    <p class="note amber payment-note">
      <Icon name="hourglass" />
      <span>{unpaidText(store, play)}</span>
    </p>
  )
}

import { FOLLOWERS_TEXTS } from '../texts/follower-texts.ts'
import { useText } from '../view.ts'

const CELL = { width: 6, gap: 2, height: 14 }
/** More steps than this get narrower cells. */
const FIT = 12

/** How far a run is: a cell for each step, by its state. Skipped steps are low, as nothing came of them. */
export const StepCells = ({ steps }: { steps: readonly { state: string; reason: string | null }[] }) => {
  const texts = useText(FOLLOWERS_TEXTS)
  const sent = steps.filter(({ state }) => state === 'sent').length
  // Steps of branches that were not taken are not on the way.
  const own = steps.filter(({ reason }) => reason !== 'other-branch').length
  const shrink = Math.min(1, FIT / Math.max(1, steps.length))
  const pitch = (CELL.width + CELL.gap) * shrink
  return (
    <span class="progress">
      <svg
        class="step-cells"
        viewBox={`0 0 ${Math.max(1, steps.length) * pitch} ${CELL.height}`}
        width={Math.max(1, steps.length) * pitch}
        height={CELL.height}
        role="img"
        aria-label={texts.sentOf(sent, own)}
      >
        {steps.map(({ state }, i) => (
          <rect
            class={state}
            x={i * pitch + 0.5}
            y={state === 'skipped' ? 5 : 0.5}
            width={CELL.width * shrink - 0.5}
            height={state === 'skipped' ? 4 : CELL.height - 1}
            rx={1.5 * shrink}
          />
        ))}
      </svg>
      <span aria-hidden="true">
        {sent}/{own}
      </span>
    </span>
  )
}

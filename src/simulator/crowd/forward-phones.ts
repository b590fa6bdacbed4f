import pMap from 'p-map'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import type { FollowerKey } from '../state/simulator-state.ts'

/** Phones at the same time. Each move waits for the product's run, so more of them are not faster. */
const AT_ONCE = 8
/** More moves than a series of the window of 48 hours needs, with a recall after it. */
const MOST_MOVES = 100

/**
 * Moves the clocks of phones forward, step by step, until nothing more happens by itself: each series is over. A phone whose run cannot
 * be moved is left where it is.
 * @param options.signal ends it after the moves that are under way
 * @param options.onDone called for each phone whose series is over
 */
export async function forwardPhones(
  wechat: Pick<SimulatedWechat, 'fastForwardToNext'>,
  keys: Iterable<FollowerKey>,
  options: { signal: AbortSignal; onDone(): void },
): Promise<void> {
  const { signal, onDone } = options
  const forward = async (key: FollowerKey) => {
    for (let move = 0; move < MOST_MOVES; move++) {
      if (signal.aborted) return
      if (await wechat.fastForwardToNext(key)) continue
      onDone()
      return
    }
  }
  await pMap(keys, (key) => forward(key).catch(() => {}), { concurrency: AT_ONCE })
}

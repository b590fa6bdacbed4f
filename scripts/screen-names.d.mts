/** The screens of the console of which docs/ has pictures, in the order of the navigation. */
export const SCREEN_NAMES: readonly string[]
/** The simulator's pages: the test of the phone draws them, beside a running product. */
export const LIVE_SCREEN_NAMES: readonly ['phone', 'crowd']

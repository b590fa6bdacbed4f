/** The screens of the console of which docs/ has pictures, in the order of the navigation. */
export const SCREEN_NAMES = [
  'overview',
  'start',
  'campaigns',
  'new-campaign',
  'editor',
  'yaml',
  'versions',
  'publish',
  'test-send',
  'results',
  'followers',
  'follower',
  'accounts',
  'new-account',
  'account',
  'qrcodes',
  'media',
  'people',
  'audit',
  'system',
]
/** The simulator's pages: the test of the phone draws them, beside a running product. */
export const LIVE_SCREEN_NAMES = ['phone', 'crowd']

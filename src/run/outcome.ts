/** How a run ended. Never an exception. */
export type Outcome =
  | 'completed'
  | 'unsubscribed'
  | 'window-closed'
  | 'cancelled'
  | 'goal-reached'
  | 'opted-out'
  | 'account-stopped'
  | 'terminated'

import { z } from 'zod'
import { followerActions } from '../follower-actions.ts'
import { defineAction, event, textOr } from './define-action.ts'

const KF = textOr('客服帐号 kf_account', 'test@agent')

export const AGENT_ACTIONS = {
  'agent-joins': defineAction({
    zh: '客服接入',
    en: 'kf_create_session',
    group: 'agent',
    shape: { kfAccount: KF },
    action: ({ kfAccount }) => ({ ...followerActions.agentJoins(kfAccount), agent: kfAccount }),
  }),
  'agent-leaves': defineAction({
    zh: '客服离开',
    en: 'kf_close_session',
    group: 'agent',
    shape: { kfAccount: KF, closeType: z.string().optional().meta({ title: 'CloseType' }) },
    action: ({ kfAccount, closeType }) => {
      const { fields, ...action } = followerActions.agentLeaves(kfAccount)
      return { ...action, agent: null, fields: { ...fields, ...(closeType ? { CloseType: closeType } : {}) } }
    },
  }),
  kf_switch_session: defineAction({
    zh: '客服转接',
    en: 'kf_switch_session',
    group: 'agent',
    shape: { from: KF, to: textOr('转给 ToKfAccount', 'test2@agent') },
    action: ({ from, to }) =>
      event('kf_switch_session', { FromKfAccount: from, ToKfAccount: to }, `客服由 ${from} 转给 ${to}`, {
        agent: to,
      }),
  }),
}

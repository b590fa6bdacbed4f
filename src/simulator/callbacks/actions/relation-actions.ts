import { z } from 'zod'
import { followerActions } from '../follower-actions.ts'
import { defineAction, event, number, PLACE, text } from './define-action.ts'

export const RELATION_ACTIONS = {
  follow: defineAction({
    zh: '关注',
    en: 'subscribe',
    group: 'follower',
    shape: { qrScene: z.string().min(1).max(64).optional().meta({ title: '二维码场景 qrScene' }) },
    action: ({ qrScene }) => followerActions.follow(qrScene),
  }),
  unfollow: defineAction({
    zh: '取消关注',
    en: 'unsubscribe',
    group: 'follower',
    shape: {},
    action: () => followerActions.unfollow(),
  }),
  scan: defineAction({
    zh: '扫码',
    en: 'SCAN',
    group: 'follower',
    shape: { qrScene: text('二维码场景 qrScene') },
    action: ({ qrScene }) => followerActions.scan(qrScene),
  }),
  LOCATION: defineAction({
    zh: '上报位置',
    en: 'LOCATION (a phone reports its location)',
    group: 'follower',
    shape: { ...PLACE, precision: number('精度 Precision', 119.385) },
    action: ({ latitude, longitude, precision }) =>
      event(
        'LOCATION',
        { Latitude: latitude, Longitude: longitude, Precision: precision },
        `上报位置 ${latitude}, ${longitude}`,
      ),
  }),
}

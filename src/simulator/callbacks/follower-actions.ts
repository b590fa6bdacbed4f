import type { SimScene } from '../state/grants.ts'
import type { Fields } from './envelope.ts'

/** One action of a follower: the callback's fields, the changes of WeChat's state, and the message on the phone. */
export interface FollowerAction {
  fields: Fields
  isMessage?: boolean
  /** The interaction that opens a grant; absent: none. */
  scene?: SimScene
  following?: boolean
  /** The scene of the scanned QR code. The callback carries its `Ticket`. */
  qrScene?: string
  /** The human agent who has the session from now on; null: the session ends. */
  agent?: string | null
  shows?: { from: 'follower' | 'system'; kind: string; content: Record<string, unknown> }
}

const event = (Event: string, more: Record<string, string> = {}) => ({
  MsgType: 'event',
  Event,
  EventKey: '',
  ...more,
})
/** A line of the phone in both languages of the pages. */
export const systemLine = (text: string, en: string) => ({
  from: 'system' as const,
  kind: 'text',
  content: { text, en },
})

/** The basic actions of a follower. */
export const followerActions = {
  follow: (qrScene?: string): FollowerAction => ({
    fields: event('subscribe', qrScene ? { EventKey: `qrscene_${qrScene}` } : {}),
    scene: 'subscribe',
    following: true,
    ...(qrScene ? { qrScene } : {}),
    shows: qrScene
      ? systemLine(`扫码关注（场景 ${qrScene}）`, `Followed by the code of ${qrScene}`)
      : systemLine('已关注公众号', 'Followed the account'),
  }),
  unfollow: (): FollowerAction => ({
    fields: event('unsubscribe'),
    following: false,
    shows: systemLine('已取消关注', 'Unfollowed'),
  }),
  /** A scan by somebody who does not follow yet becomes a follow. */
  scan: (qrScene: string): FollowerAction => ({
    fields: event('SCAN', { EventKey: qrScene }),
    scene: 'scan',
    qrScene,
    shows: systemLine(`扫描二维码（场景 ${qrScene}）`, `Scanned the code of ${qrScene}`),
  }),
  tapMenu: (key: string, label = key): FollowerAction => ({
    fields: event('CLICK', { EventKey: key }),
    scene: 'menu',
    shows: systemLine(`点击菜单「${label}」`, `Tapped “${label}” in the menu`),
  }),
  /** A tap on a msgmenu item: a text message that counts as a menu click. */
  tapMessageMenu: (id: string, text: string): FollowerAction => ({
    fields: { MsgType: 'text', Content: text, bizmsgmenuid: id },
    isMessage: true,
    scene: 'menu',
    shows: { from: 'follower', kind: 'text', content: { text } },
  }),
  type: (text: string): FollowerAction => ({
    fields: { MsgType: 'text', Content: text },
    isMessage: true,
    scene: 'message',
    shows: { from: 'follower', kind: 'text', content: { text } },
  }),
  agentJoins: (account = 'test@agent'): FollowerAction => ({
    fields: { MsgType: 'event', Event: 'kf_create_session', KfAccount: account },
    shows: systemLine('人工客服已接入', 'A human agent has joined'),
  }),
  agentLeaves: (account = 'test@agent'): FollowerAction => ({
    fields: { MsgType: 'event', Event: 'kf_close_session', KfAccount: account },
    shows: systemLine('人工客服已离开', 'The human agent has left'),
  }),
  raw: (fields: Record<string, string>): FollowerAction => ({ fields }),
}

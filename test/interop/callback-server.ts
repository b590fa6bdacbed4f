import { eq } from 'drizzle-orm'
import { createHttpApp } from '../../src/bootstrap/http/http-app.ts'
import { listen } from '../../src/bootstrap/http/server.ts'
import { inbox } from '../../src/store/schema.ts'
import { testAccount } from '../fixtures/test-account.ts'
import { createOfflineServices, NOWHERE } from '../harness/offline-services.ts'
import { publishCampaign } from '../harness/publish-campaign.ts'
import { ACCOUNT, MODES, type Mode, PLATFORM } from './simulated-wechat.ts'

/** The campaigns' replies: who scans the code `interop-KIND` is answered so. */
export const CAMPAIGN_REPLIES = {
  text: {
    yaml: '{ text: "欢迎 😀 <&> ]]>" }',
    reads: { MsgType: 'text', Content: '欢迎 😀 <&> ]]>' },
  },
  image: {
    yaml: '{ image: { mediaId: permanent_image } }',
    reads: { MsgType: 'image', Image: { MediaId: 'permanent_image' } },
  },
  voice: {
    yaml: '{ voice: { mediaId: permanent_voice } }',
    reads: { MsgType: 'voice', Voice: { MediaId: 'permanent_voice' } },
  },
  video: {
    yaml: '{ video: { mediaId: permanent_video, thumb: permanent_thumb, title: 影片, description: 说明 } }',
    reads: { MsgType: 'video', Video: { MediaId: 'permanent_video', Title: '影片', Description: '说明' } },
  },
  music: {
    yaml: '{ music: { title: 歌, description: 说明, url: "https://example.com/a.mp3", thumb: permanent_thumb } }',
    reads: {
      MsgType: 'music',
      Music: { Title: '歌', MusicUrl: 'https://example.com/a.mp3', ThumbMediaId: 'permanent_thumb' },
    },
  },
  news: {
    yaml: '{ news: { title: 资料, description: 第一课, url: "https://example.com/?a=1&b=2", picurl: "https://example.com/a.png" } }',
    reads: {
      MsgType: 'news',
      ArticleCount: '1',
      Articles: { item: { Title: '资料', Url: 'https://example.com/?a=1&b=2' } },
    },
  },
} as const

export interface CallbackServer {
  /** Of the account in this mode. */
  urlOf(mode: Mode): string
  platformUrl: string
  /** How many of somebody's callbacks are stored. */
  storedCallbacks(openId: string): Promise<number>
  close(): Promise<void>
}

/** Each mode is an account of its own at the product: WeChat has one mode for each account. */
export const appIdOf = (mode: Mode) => (mode === 'security' ? ACCOUNT.appId : `${ACCOUNT.appId}${mode[0]}`)

/** The app's callback server over a store in memory. There is no Temporal: accepted events are stored, not dispatched. */
export async function startCallbackServer(): Promise<CallbackServer> {
  const platform = { ...PLATFORM, previousAesKey: null, publicUrl: `http://${NOWHERE}` }
  const { services, store } = await createOfflineServices({ platform })
  const { appSecret, token, aesKey: encodingAesKey } = ACCOUNT
  for (const mode of MODES) {
    const secrets = { appSecret, token, encodingAesKey }
    await services.accounts.add(
      testAccount({ appId: appIdOf(mode), name: '互通测试', mode, ...secrets, humanAgents: true }),
    )
  }
  for (const [kind, { yaml }] of Object.entries(CAMPAIGN_REPLIES)) {
    await publishCampaign(
      services,
      `id: interop-${kind}\nname: ${kind}\nentry: { event: scan, qrScenes: [interop-${kind}] }\nreply: ${yaml}\nsteps: [{ id: now, after: 0s, send: { text: hello } }]\n`,
    )
  }
  const links = { simulatorUrl: null, temporalUiUrl: null, namespace: 'default' }
  const web = createHttpApp(services, { adminToken: 'test-admin-token', links: () => links })
  const server = await listen(web, 0, '127.0.0.1')
  return {
    urlOf: (mode) => `${server.url}/wechat/${appIdOf(mode)}`,
    platformUrl: `${server.url}/wechat/component`,
    async storedCallbacks(openId) {
      return store.db.$count(inbox, eq(inbox.openId, openId))
    },
    async close() {
      await server.close()
      await services.temporal.close()
      await store.close()
    },
  }
}

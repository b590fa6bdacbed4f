import type { AccessToken, WechatAnswer } from './client.ts'

/** What an owner's authorisation gives (api_query_auth, api_get_authorizer_info). */
export interface AuthorisationInfo {
  authorizer_appid: string
  authorizer_access_token?: string
  expires_in?: number
  authorizer_refresh_token?: string
  func_info?: { funcscope_category: { id: number } }[]
}

interface AuthoriserToken {
  authorizer_access_token: string
  expires_in: number
  authorizer_refresh_token: string
}

/** Calls of a third-party platform (https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/). */
export interface ComponentClient {
  /** Asks WeChat to begin pushing `component_verify_ticket`. */
  startPushTicket(): Promise<WechatAnswer<object>>
  componentToken(ticket: string): Promise<WechatAnswer<AccessToken>>
  preAuthCode(token: string): Promise<WechatAnswer<{ pre_auth_code: string; expires_in: number }>>
  queryAuth(token: string, authCode: string): Promise<WechatAnswer<{ authorization_info: AuthorisationInfo }>>
  authoriserToken(token: string, appId: string, refreshToken: string): Promise<WechatAnswer<AuthoriserToken>>
  authoriserInfo(
    token: string,
    appId: string,
  ): Promise<
    WechatAnswer<{
      /** `verify_type_info` −1: not certified. */
      authorizer_info: { nick_name?: string; verify_type_info?: { id: number } }
      authorization_info?: AuthorisationInfo
    }>
  >
  /** A page of the accounts that have authorised, with their refresh tokens. */
  authoriserList(
    token: string,
    offset: number,
    count: number,
  ): Promise<
    WechatAnswer<{ total_count: number; list: { authorizer_appid: string; refresh_token: string }[] }>
  >
}

type Post = <T>(path: string, query: Record<string, string>, body: object) => Promise<WechatAnswer<T>>

/** @param post a WeChat client's own way to call: its time limits and its telling apart of failed and unclear */
export function createComponentClient(
  post: Post,
  { appId, appSecret }: { appId: string; appSecret: string },
): ComponentClient {
  const component_appid = appId
  const call = <T>(name: string, token: string | null, body: object) =>
    post<T>(`/cgi-bin/component/${name}`, token === null ? {} : { component_access_token: token }, body)
  return {
    startPushTicket: () =>
      call('api_start_push_ticket', null, { component_appid, component_secret: appSecret }),
    async componentToken(ticket) {
      const answer = await call<{ component_access_token: string; expires_in: number }>(
        'api_component_token',
        null,
        { component_appid, component_appsecret: appSecret, component_verify_ticket: ticket },
      )
      if (answer.kind !== 'answered' || !answer.data) return answer as WechatAnswer<AccessToken>
      const { component_access_token: access_token, expires_in } = answer.data
      return { ...answer, data: { access_token, expires_in } }
    },
    preAuthCode: (token) => call('api_create_preauthcode', token, { component_appid }),
    queryAuth: (token, authorization_code) =>
      call('api_query_auth', token, { component_appid, authorization_code }),
    authoriserToken: (token, authorizer_appid, authorizer_refresh_token) =>
      call('api_authorizer_token', token, { component_appid, authorizer_appid, authorizer_refresh_token }),
    authoriserInfo: (token, authorizer_appid) =>
      call('api_get_authorizer_info', token, { component_appid, authorizer_appid }),
    authoriserList: (token, offset, count) =>
      call('api_get_authorizer_list', token, { component_appid, offset, count }),
  }
}

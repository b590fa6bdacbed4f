import type { z } from 'zod'
import type { AccessToken, Post, WechatAnswer } from './client.ts'
import * as shapes from './response-schemas.ts'

export type { AuthorisationInfo } from './response-schemas.ts'

/** Calls of a third-party platform (https://developers.weixin.qq.com/doc/oplatform/Third-party_Platforms/). */
export interface ComponentClient {
  /** Asks WeChat to start pushing `component_verify_ticket`. */
  startPushTicket(): Promise<WechatAnswer<object>>
  componentToken(ticket: string): Promise<WechatAnswer<AccessToken>>
  preAuthCode(token: string): Promise<WechatAnswer<z.infer<typeof shapes.preAuthCode>>>
  queryAuth(token: string, authCode: string): Promise<WechatAnswer<z.infer<typeof shapes.queryAuth>>>
  authoriserToken(
    token: string,
    appId: string,
    refreshToken: string,
  ): Promise<WechatAnswer<z.infer<typeof shapes.authoriserToken>>>
  authoriserInfo(token: string, appId: string): Promise<WechatAnswer<z.infer<typeof shapes.authoriserInfo>>>
  /** A page of the accounts that have authorised, with their refresh tokens. */
  authoriserList(
    token: string,
    offset: number,
    count: number,
  ): Promise<WechatAnswer<z.infer<typeof shapes.authoriserList>>>
}

/** @param post the call of a WeChat client, with its time limits and its classes of answers */
export function createComponentClient(
  post: Post,
  { appId, appSecret }: { appId: string; appSecret: string },
): ComponentClient {
  const component_appid = appId
  const call = <T>(name: string, token: string | null, body: object, shape: z.ZodType<T>) =>
    post(`/cgi-bin/component/${name}`, token === null ? {} : { component_access_token: token }, body, shape)
  return {
    startPushTicket: () =>
      call('api_start_push_ticket', null, { component_appid, component_secret: appSecret }, shapes.done),
    async componentToken(ticket) {
      const body = { component_appid, component_appsecret: appSecret, component_verify_ticket: ticket }
      const answer = await call('api_component_token', null, body, shapes.componentToken)
      if (answer.kind !== 'answered') return answer
      const { data } = answer
      return {
        ...answer,
        data: data && { access_token: data.component_access_token, expires_in: data.expires_in },
      }
    },
    preAuthCode: (token) => call('api_create_preauthcode', token, { component_appid }, shapes.preAuthCode),
    queryAuth: (token, authorization_code) =>
      call('api_query_auth', token, { component_appid, authorization_code }, shapes.queryAuth),
    authoriserToken: (token, authorizer_appid, authorizer_refresh_token) => {
      const body = { component_appid, authorizer_appid, authorizer_refresh_token }
      return call('api_authorizer_token', token, body, shapes.authoriserToken)
    },
    authoriserInfo: (token, authorizer_appid) =>
      call('api_get_authorizer_info', token, { component_appid, authorizer_appid }, shapes.authoriserInfo),
    authoriserList: (token, offset, count) =>
      call('api_get_authorizer_list', token, { component_appid, offset, count }, shapes.authoriserList),
  }
}

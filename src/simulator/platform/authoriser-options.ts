import { z } from 'zod'
import { failed } from '../api/fault-responses.ts'
import type { ComponentCall, ComponentHandler } from './component-call.ts'

/** The options that a platform may set for an account: the accepted values, and the permission set required. */
const OPTIONS: Record<string, { values: string[]; func: number }> = {
  location_report: { values: ['0', '1', '2'], func: 2 },
  voice_recognize: { values: ['0', '1'], func: 1 },
  customer_service: { values: ['0', '1'], func: 6 },
}
const optionRequest = z.object({
  authorizer_appid: z.string(),
  option_name: z.string(),
  option_value: z.string().optional(),
})

/** The option that a call names. WeChat's refusal when the account has not granted the permission set for it. */
function findOption({ wechat, component, body }: ComponentCall) {
  const read = optionRequest.safeParse(body)
  if (!read.success) return failed(47001)
  const { authorizer_appid, option_name, option_value } = read.data
  const account = wechat.accounts.get(authorizer_appid)
  if (!account) return failed(40013)
  const authorisation = component.authorisations.get(authorizer_appid)
  if (!authorisation) return failed(61003)
  const option = Object.hasOwn(OPTIONS, option_name) ? OPTIONS[option_name] : undefined
  if (!option) return failed(40035)
  if (!authorisation.funcs.includes(option.func)) return failed(61007)
  return { account, option, option_name, option_value }
}

const getOption: ComponentHandler = (call) => {
  const found = findOption(call)
  if ('errcode' in found) return found
  const { account, option_name } = found
  const option_value = account.records.options[option_name] ?? '0'
  return { authorizer_appid: account.appId, option_name, option_value }
}

const setOption: ComponentHandler = (call) => {
  const found = findOption(call)
  if ('errcode' in found) return found
  const { account, option, option_name, option_value } = found
  if (option_value === undefined || !option.values.includes(option_value)) return failed(40035)
  account.records.options[option_name] = option_value
  return failed(0)
}

/**
 * 获取授权方选项信息 and 设置授权方选项信息, under the older names with `api_` and the current ones. The current page shows a
 * body without `authorizer_appid`, which leaves the account open. Here it is required under both names (inferred).
 * Sources: https://developers.weixin.qq.com/doc/oplatform/openApi/authorization-management/api_getauthorizeroptioninfo ,
 * …/Third-party_Platforms/2.0/api/ThirdParty/Account_Authorization/api_get_authorizer_option.html (61007 and the sets)
 */
export const AUTHORISER_OPTION_CALLS: Record<string, ComponentHandler> = {
  api_get_authorizer_option: getOption,
  get_authorizer_option: getOption,
  api_set_authorizer_option: setOption,
  set_authorizer_option: setOption,
}

import { z } from 'zod'
import type { SimulatedWechat } from '../simulated-wechat.ts'
import type { FollowerKey } from '../state/simulator-state.ts'
import { AGENT_ACTIONS } from './actions/agent-actions.ts'
import type { ActionContext, ActionSpec } from './actions/define-action.ts'
import { MENU_ACTIONS } from './actions/menu-actions.ts'
import { MESSAGE_ACTIONS } from './actions/message-actions.ts'
import { NOTICE_ACTIONS } from './actions/notice-actions.ts'
import { RELATION_ACTIONS } from './actions/relation-actions.ts'
import type { FollowerAction } from './follower-actions.ts'

/**
 * Every action by name: what a phone page, a script or a test can request, and the callback that WeChat pushes for it.
 * Names are WeChat's `MsgType` and `Event`, beside the older names of the phone page.
 *
 * Sources of the fields: https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_standard_messages.html ,
 * …/Message_Management/Receiving_event_pushes.html , …/Custom_Menus/Custom_Menu_Push_Events.html ,
 * …/Customer_Service/Session_control.html , …/Message_Management/Batch_Sends_and_Originality_Checks.html ,
 * …/Publish/Callback_on_finish.html ; and wechatpy, tests/test_events.py.
 */
export const ACTIONS = {
  ...RELATION_ACTIONS,
  ...MESSAGE_ACTIONS,
  ...MENU_ACTIONS,
  ...AGENT_ACTIONS,
  ...NOTICE_ACTIONS,
}

export type ActionName = keyof typeof ACTIONS
/** `{do: 'location', latitude: …}`: an action as a test writes it. Absent fields have their defaults. */
export type ActionInput = {
  [Name in ActionName]: { do: Name } & Input<(typeof ACTIONS)[Name]['shape']>
}[ActionName]
type Input<Shape extends z.ZodRawShape> = keyof Shape extends never ? unknown : z.input<z.ZodObject<Shape>>

/** WeChat's names of the actions that have another name here. */
const ALIASES: Record<string, ActionName> = {
  text: 'type',
  subscribe: 'follow',
  unsubscribe: 'unfollow',
  SCAN: 'scan',
  CLICK: 'menu',
  VIEW: 'view',
  kf_create_session: 'agent-joins',
  kf_close_session: 'agent-leaves',
}

const isActionName = (name: string): name is ActionName => Object.hasOwn(ACTIONS, name)

/**
 * Reads the body of an `act` call.
 * @throws Error that names missing, invalid and unknown fields
 */
export function readAction(body: unknown, context: ActionContext): FollowerAction {
  const { do: requested, ...args } = z.looseObject({ do: z.unknown().optional() }).parse(body)
  const requestedName = typeof requested === 'string' ? requested : ''
  const name = ALIASES[requestedName] ?? requestedName
  if (!isActionName(name)) throw new Error(`do must be ${Object.keys(ACTIONS).join(', ')}`)
  // `defineAction` ties each entry's shape to its action. No type can express that for a name chosen at run time.
  const spec = ACTIONS[name] as unknown as ActionSpec
  const read = z.strictObject(spec.shape).safeParse(args)
  if (read.success) return spec.action(read.data, context)
  throw new Error(read.error.issues.map((issue) => problem(requestedName, issue)).join('; '))
}

function problem(name: string, issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `${name} does not accept ${issue.keys.join(', ')}`
  return `${name} needs ${issue.path.join('.')}: ${issue.message}`
}

/** Every action with its fields as JSON Schema, for the phone page. */
export function listActions() {
  return Object.entries(ACTIONS).map(([name, { zh, en, group, shape }]) => ({
    name,
    zh,
    en,
    group,
    fields: z.toJSONSchema(z.object(shape as z.ZodRawShape), { io: 'input' }),
  }))
}

/** @throws Error when the simulator has no such account */
export function contextOf(wechat: SimulatedWechat, { appId, openId }: FollowerKey): ActionContext {
  return { account: wechat.account(appId), openId, origin: wechat.origin, now: wechat.now() }
}

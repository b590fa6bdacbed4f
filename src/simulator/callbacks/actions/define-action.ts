import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { SimAccountState } from '../../state/model.ts'
import type { Fields } from '../envelope.ts'
import { type FollowerAction, systemLine } from '../follower-actions.ts'

/** What an action reads and changes of the simulated WeChat. */
export interface ActionContext {
  account: SimAccountState
  openId: string
  /** URL of the simulator, for images. */
  origin: string
  /** Real time, epoch ms. */
  now: number
}

type ActionGroup = 'message' | 'menu' | 'follower' | 'agent' | 'notice'

/** One action of the catalogue: its names, its fields, and the function that creates it. */
export interface ActionSpec<Shape extends z.ZodRawShape = z.ZodRawShape> {
  zh: string
  en: string
  group: ActionGroup
  shape: Shape
  action(args: z.output<z.ZodObject<Shape>>, context: ActionContext): FollowerAction
}

/** Returns the action as it is. Its `args` get their types from its `shape`. */
export function defineAction<Shape extends z.ZodRawShape>(spec: ActionSpec<Shape>): ActionSpec<Shape> {
  return spec
}

/** A field that has no example: a call without it is refused. */
export const text = (title: string) => z.string().min(1).max(2048).meta({ title })
/** @param example what a call without the field means, as in the functions below */
export const textOr = (title: string, example: string) =>
  z.string().min(1).max(2048).default(example).meta({ title })
export const number = (title: string, example: number) => z.number().default(example).meta({ title })
export const count = (title: string, example: number) => z.int().min(0).default(example).meta({ title })
export const choice = <const T extends readonly [string, ...string[]]>(title: string, values: T) =>
  z.enum(values).default(values[0]).meta({ title })

const followerMessage = (kind: string, content: Record<string, unknown> = {}) => ({
  from: 'follower' as const,
  kind,
  content,
})
/** A message from a follower. */
export const message = (
  MsgType: string,
  fields: Fields,
  content: Record<string, unknown> = {},
): FollowerAction => ({
  fields: { MsgType, ...fields },
  isMessage: true,
  scene: 'message',
  shows: followerMessage(MsgType, content),
})
/** An event, with the line that the phone shows for it. In English, WeChat's name of the event. */
export const event = (
  Event: string,
  fields: Fields,
  text: string,
  rest: Partial<FollowerAction> = {},
): FollowerAction => ({
  fields: { MsgType: 'event', Event, ...fields },
  shows: systemLine(text, Event),
  ...rest,
})

/** Latitude and longitude, as fields of an action. */
export const PLACE = {
  latitude: number('纬度 latitude', 23.134521),
  longitude: number('经度 longitude', 113.358803),
}

export function md5(value: string): string {
  return createHash('md5').update(value).digest('hex')
}

export function newMessageNumber(): number {
  return 1_000_000_000 + randomBytes(3).readUIntBE(0, 3)
}

import type { MessageKind } from '../message-model.ts'
import { type Fields, freeId } from './campaign-items.ts'

/** What a new card begins with. A field without a value has its error in the check, beside it. */

type NewFork = 'ask' | 'condition' | 'split'
type NewAction = 'tag' | 'set' | 'webhook' | 'handover' | 'go' | 'end'
export type NewKind = MessageKind | NewFork | NewAction

/** An empty message of a kind. */
export function newMessage(kind: string, text = ''): Fields {
  switch (kind) {
    case 'image':
    case 'voice':
      return { [kind]: { file: '' } }
    case 'video':
      return { video: { file: '', thumb: '' } }
    case 'music':
      return { music: { title: text, description: '', url: '', thumb: '' } }
    case 'news':
      return { news: { title: text, description: '', url: '', picurl: '' } }
    case 'menu':
      return { menu: { head: text, items: [{ id: '1', text: '' }] } }
    case 'miniprogram':
      return { miniprogram: { title: text, appId: '', path: '', thumb: '' } }
    case 'article':
    case 'card':
      return { [kind]: { id: '' } }
    default:
      return { text }
  }
}

/**
 * A new step, fork or end.
 * @param texts in the language of its writer
 * @param after the delay of a step with a message
 */
export function newItem(
  fields: Fields,
  kind: NewKind,
  texts: { yes: string; other: string },
  after: string,
): unknown {
  const id = (wanted: string) => freeId(fields, wanted)
  switch (kind) {
    case 'end':
      return 'end'
    case 'ask':
      return {
        id: id('ask'),
        wait: '24h',
        branches: [
          { name: texts.yes, on: { keywords: ['1'] }, steps: [] },
          { name: texts.other, on: { event: 'message' }, steps: [] },
        ],
      }
    case 'condition':
      return { id: id('choose'), branches: [{ name: texts.yes, when: { tag: '' }, steps: [] }] }
    case 'split':
      return { id: id('split'), branches: [{ name: 'A', share: 50, steps: [] }] }
    case 'tag':
      return { id: id('tag'), tag: [''] }
    case 'set':
      return { id: id('set'), set: { fact1: true } }
    case 'webhook':
      return { id: id('notify'), webhook: '' }
    case 'handover':
      return { id: id('handover'), handover: '' }
    case 'go':
      return { id: id('go'), go: '' }
    default:
      return { id: id(kind === 'text' ? 'step' : kind), after, send: newMessage(kind) }
  }
}

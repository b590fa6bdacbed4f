import { describe, expect, it } from 'vitest'
import { contentOfMessage } from './bubble-content.ts'

describe('contentOfMessage', () => {
  it('renders the templates of each kind and asks for uploaded pictures', () => {
    const render = (text: string) => text.replaceAll('{{x}}', '小鹿')
    const pictureOf = (id: string) => `/media/${id}`
    const music = { title: '{{x}}', description: 'd', url: 'https://a.example', thumb: 'sha256-a' }
    expect(contentOfMessage({ music }, { render, pictureOf })).toEqual({
      kind: 'music',
      title: '小鹿',
      description: 'd',
      picture: '/media/sha256-a',
    })
    expect(contentOfMessage({ text: '{{x}}好' }, { render })).toEqual({ kind: 'text', text: '小鹿好' })
  })

  it('names uploads by their files', () => {
    const media = { a: { filename: '地图.png', type: 'image' as const } }
    expect(contentOfMessage({ image: { file: 'a' } }, { media })).toMatchObject({ name: '地图.png' })
    expect(contentOfMessage({ voice: { file: 'a' } }, { media })).toMatchObject({ name: '地图.png' })
    expect(contentOfMessage({ image: { file: 'b' } }, { media })).toEqual({ kind: 'image', picture: null })
    const video = { file: 'a', thumb: 'b' }
    expect(contentOfMessage({ video } as never, { media })).toMatchObject({ title: '地图.png' })
    expect(contentOfMessage({ video: { ...video, title: '片头' } } as never, { media })).toMatchObject({
      title: '片头',
    })
  })

  it('shows a draft without a kind as an empty text', () => {
    expect(contentOfMessage({})).toEqual({ kind: 'text', text: '' })
  })
})

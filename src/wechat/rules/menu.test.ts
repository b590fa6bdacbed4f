import { describe, expect, it } from 'vitest'
import { checkMenu, readMenu } from './menu.ts'

const click = (more: object = {}) => ({ type: 'click', name: '资料', key: 'guide', ...more })
const paths = (value: unknown) => checkMenu(value).map((i) => i.path)

describe('a menu that WeChat accepts', () => {
  it.each<[string, object]>([
    ['one button', { button: [click()] }],
    ['an empty second level, as in WeChat’s answers', { button: [click({ sub_button: [] })] }],
    [
      'three buttons with five below each',
      { button: Array(3).fill({ name: '更多', sub_button: Array(5).fill(click()) }) },
    ],
    ['a name of 16 bytes', { button: [click({ name: '一二三四五a' })] }],
    [
      'a name of 60 bytes on the second level',
      { button: [{ name: '更多', sub_button: [click({ name: '字'.repeat(20) })] }] },
    ],
    ['a key of 128 bytes', { button: [click({ key: 'k'.repeat(128) })] }],
    ['a link', { button: [{ type: 'view', name: '官网', url: 'https://example.com/a?b=c' }] }],
    [
      'a mini program',
      {
        button: [
          {
            type: 'miniprogram',
            name: '商店',
            url: 'https://example.com',
            appid: 'wx9',
            pagepath: 'pages/index',
          },
        ],
      },
    ],
    ['a scan', { button: [{ type: 'scancode_waitmsg', name: '扫码', key: 'scan' }] }],
    ['an article', { button: [{ type: 'article_id', name: '文章', article_id: 'a1' }] }],
  ])('may have %s', (_, menu) => {
    expect(checkMenu(menu)).toEqual([])
  })
})

describe('a menu with an error', () => {
  it.each<[string, unknown, string[]]>([
    ['is not an object', [], ['']],
    ['has no buttons', {}, ['button']],
    ['has an empty list', { button: [] }, ['button']],
    ['has four buttons', { button: Array(4).fill(click()) }, ['button']],
    ['has an unknown field', { button: [click()], matchrule: {} }, ['matchrule']],
    [
      'has six below one',
      { button: [{ name: '更多', sub_button: Array(6).fill(click()) }] },
      ['button.0.sub_button'],
    ],
    [
      'has a third level',
      { button: [{ name: 'a', sub_button: [{ name: 'b', sub_button: [click()] }] }] },
      ['button.0.sub_button.0.sub_button'],
    ],
    [
      'has a type and a second level',
      { button: [click({ sub_button: [click()] })] },
      ['button.0.type', 'button.0.key'],
    ],
    ['has a name of 17 bytes', { button: [click({ name: '一二三四五ab' })] }, ['button.0.name']],
    ['has no name', { button: [click({ name: '' })] }, ['button.0.name']],
    ['has no type', { button: [{ name: 'a' }] }, ['button.0.type']],
    ['has an unknown type', { button: [click({ type: 'constructor' })] }, ['button.0.type']],
    [
      'has a button of the console',
      { button: [{ type: 'text', name: 'a', value: '您好' }] },
      ['button.0.type'],
    ],
    ['has a key of 129 bytes', { button: [click({ key: 'k'.repeat(129) })] }, ['button.0.key']],
    ['has no key', { button: [click({ key: undefined })] }, ['button.0.key']],
    [
      'has a link to nowhere',
      { button: [{ type: 'view', name: 'a', url: 'example.com' }] },
      ['button.0.url'],
    ],
    [
      'has a mini program without a page',
      { button: [{ type: 'miniprogram', name: 'a' }] },
      ['button.0.url', 'button.0.appid', 'button.0.pagepath'],
    ],
    ['has a misspelt field', { button: [click({ keys: 'b' })] }, ['button.0.keys']],
  ])('%s', (_, menu, expected) => {
    expect(paths(menu)).toEqual(expected)
  })

  it('is reported with all its errors at once', () => {
    const menu = {
      button: [click({ name: '' }), { name: 'a', sub_button: [click({ key: 1 }), 'b'] }],
      extra: 1,
    }
    expect(paths(menu)).toEqual([
      'extra',
      'button.0.name',
      'button.1.sub_button.0.key',
      'button.1.sub_button.1',
    ])
  })
})

describe('a menu from WeChat’s answer', () => {
  it('created through the API loses the empty second levels', () => {
    const answer = {
      button: [click({ sub_button: [] }), { name: '更多', sub_button: [click({ sub_button: [] })] }],
    }
    const menu = readMenu(answer)
    expect(menu).toEqual({ button: [click(), { name: '更多', sub_button: [click()] }] })
    expect(checkMenu(menu)).toEqual([])
  })

  it('created in the console keeps buttons that the API cannot create, so that operators see them', () => {
    const text = { type: 'text', name: '地址', value: '人民路 1 号' }
    const answer = { button: [{ name: '更多', sub_button: { list: [text] } }] }
    expect(readMenu(answer)).toEqual({ button: [{ name: '更多', sub_button: [text] }] })
  })

  it.each([[null], [undefined], [{}], [{ button: [] }]])('is null for %j', (answer) => {
    expect(readMenu(answer)).toBeNull()
  })
})

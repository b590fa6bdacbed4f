import { describe, expect, it } from 'vitest'
import { checkMenu, type Menu } from '../../wechat/rules/menu.ts'
import { menuValues, readMenuForm } from './menu-form.ts'

const read = (values: Record<string, string>) => readMenuForm((name) => values[name] ?? '')

const MENU: Menu = {
  button: [
    { type: 'click', name: '新手资料', key: 'guide' },
    {
      name: '更多',
      sub_button: [
        { type: 'view', name: '官网', url: 'https://example.com' },
        {
          type: 'miniprogram',
          name: '商城',
          url: 'https://example.com',
          appid: 'wx1',
          pagepath: 'pages/index',
        },
        { type: 'scancode_push', name: '扫一扫', key: 'scan' },
      ],
    },
    { type: 'media_id', name: '图片', media_id: 'test-media' },
  ],
}

describe('the form of a menu', () => {
  it('keeps every button, also of kinds that it does not edit', () => {
    expect(read(menuValues(MENU)).menu).toEqual(MENU)
    expect(checkMenu(read(menuValues(MENU)).menu)).toEqual([])
  })

  it('leaves out empty rows, and finds the fields of the buttons behind them', () => {
    const { menu, fieldOf } = read({
      'name-1': '更多',
      'name-1-3': '官网',
      'kind-1-3': 'view',
      'value-1-3': 'nowhere',
    })
    expect(menu).toEqual({
      button: [{ name: '更多', sub_button: [{ type: 'view', name: '官网', url: 'nowhere' }] }],
    })
    expect(checkMenu(menu).map(({ path }) => fieldOf(path))).toEqual(['value-1-3'])
    expect(fieldOf('button')).toBe('')
  })

  it('has a button without a name when only something else was typed', () => {
    const { menu, fieldOf } = read({ 'value-0': 'guide' })
    expect(checkMenu(menu).map(({ path }) => fieldOf(path))).toEqual(['name-0'])
  })

  it('is empty for no menu', () => {
    expect(menuValues(null)).toEqual({})
    expect(read({}).menu).toEqual({ button: [] })
  })
})

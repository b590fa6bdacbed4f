import { z } from 'zod'
import { followerActions, systemLine } from '../follower-actions.ts'
import { count, defineAction, event, md5, PLACE, text, textOr } from './define-action.ts'

const KEY = { key: textOr('菜单 key', 'test_key') }
/** The id of the account's default menu. */
const MENU_ID = 433_747_234

const scanAction = (Event: 'scancode_push' | 'scancode_waitmsg', zh: string) =>
  defineAction({
    zh,
    en: Event,
    group: 'menu',
    shape: {
      ...KEY,
      scanType: textOr('类型 ScanType', 'qrcode'),
      scanResult: textOr('扫码结果 ScanResult', 'https://example.com/'),
    },
    // Of the menu events, only CLICK and these two open a grant. Source: the service guide on customer messages.
    action: ({ key, scanType, scanResult }) =>
      event(
        Event,
        { EventKey: key, ScanCodeInfo: { ScanType: scanType, ScanResult: scanResult } },
        `${zh}：${scanResult}`,
        { scene: 'menu' },
      ),
  })

const pickPictureAction = (Event: 'pic_sysphoto' | 'pic_photo_or_album' | 'pic_weixin', zh: string) =>
  defineAction({
    zh,
    en: Event,
    group: 'menu',
    shape: { ...KEY, count: z.int().min(1).max(9).default(1).meta({ title: '张数 Count' }) },
    action: ({ key, count: Count }) => {
      const item = Array.from({ length: Count }, (_, i) => ({ PicMd5Sum: md5(`${key}${i}`) }))
      return event(Event, { EventKey: key, SendPicsInfo: { Count, PicList: { item } } }, `${zh}：${Count} 张`)
    },
  })

export const MENU_ACTIONS = {
  menu: defineAction({
    zh: '点菜单',
    en: 'CLICK',
    group: 'menu',
    shape: { key: text('菜单 key'), label: z.string().optional().meta({ title: '名称 label' }) },
    action: ({ key, label }) => followerActions.tapMenu(key, label),
  }),
  view: defineAction({
    zh: '点菜单链接',
    en: 'VIEW',
    group: 'menu',
    shape: { url: text('链接 url'), menuId: count('MenuId', MENU_ID) },
    action: ({ url, menuId }) =>
      event('VIEW', { EventKey: url, MenuId: menuId }, `打开链接 ${url}`, {
        shows: systemLine(`打开链接 ${url}`, `Opened ${url}`),
      }),
  }),
  view_miniprogram: defineAction({
    zh: '点菜单小程序',
    en: 'view_miniprogram',
    group: 'menu',
    shape: { path: textOr('页面 EventKey', 'pages/index/index'), menuId: count('MenuId', MENU_ID) },
    action: ({ path, menuId }) =>
      event('view_miniprogram', { EventKey: path, MenuId: menuId }, `打开小程序 ${path}`, {
        shows: systemLine(`打开小程序 ${path}`, `Opened the mini program ${path}`),
      }),
  }),
  scancode_push: scanAction('scancode_push', '扫码推事件'),
  scancode_waitmsg: scanAction('scancode_waitmsg', '扫码带提示'),
  pic_sysphoto: pickPictureAction('pic_sysphoto', '系统拍照发图'),
  pic_photo_or_album: pickPictureAction('pic_photo_or_album', '拍照或者相册发图'),
  pic_weixin: pickPictureAction('pic_weixin', '微信相册发图'),
  location_select: defineAction({
    zh: '选择位置',
    en: 'location_select',
    group: 'menu',
    shape: {
      ...KEY,
      ...PLACE,
      scale: count('缩放 Scale', 15),
      label: textOr('地点 Label', '广州市海珠区客村艺苑路'),
      poiname: z.string().default('').meta({ title: '朋友圈 POI Poiname' }),
    },
    action: ({ key, latitude, longitude, scale, label, poiname }) =>
      event(
        'location_select',
        {
          EventKey: key,
          SendLocationInfo: {
            Location_X: String(latitude),
            Location_Y: String(longitude),
            Scale: String(scale),
            Label: label,
            Poiname: poiname,
          },
        },
        `选择位置 ${label}`,
      ),
  }),
}

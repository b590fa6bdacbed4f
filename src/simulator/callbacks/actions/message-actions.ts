import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Fields } from '../envelope.ts'
import { followerActions } from '../follower-actions.ts'
import { storeFollowerMedia } from '../media-samples.ts'
import {
  type ActionContext,
  choice,
  count,
  defineAction,
  md5,
  message,
  PLACE,
  textOr,
} from './define-action.ts'

function videoFields(context: ActionContext): Fields {
  return {
    MediaId: storeFollowerMedia(context, 'video'),
    ThumbMediaId: storeFollowerMedia(context, 'thumb'),
  }
}

export const MESSAGE_ACTIONS = {
  type: defineAction({
    zh: '文字',
    en: 'text',
    group: 'message',
    shape: { text: z.string().meta({ title: '内容 Content' }) },
    action: (args) => followerActions.type(args.text),
  }),
  msgmenu: defineAction({
    zh: '点菜单消息',
    en: 'tap on a menu message item',
    group: 'message',
    shape: { id: z.string().meta({ title: 'bizmsgmenuid' }), text: z.string().meta({ title: '文字 text' }) },
    action: (args) => followerActions.tapMessageMenu(args.id, args.text),
  }),
  image: defineAction({
    zh: '图片',
    en: 'image',
    group: 'message',
    shape: {},
    action: (_, context) => {
      const MediaId = storeFollowerMedia(context, 'image')
      return message('image', { PicUrl: `${context.origin}/_sim/media/${MediaId}`, MediaId })
    },
  }),
  voice: defineAction({
    zh: '语音',
    en: 'voice',
    group: 'message',
    shape: {
      format: choice('格式 Format', ['amr', 'speex']),
      recognition: z.string().max(600).optional().meta({ title: '识别结果 Recognition' }),
    },
    action: ({ format, recognition }, context) =>
      message('voice', {
        MediaId: storeFollowerMedia(context, 'voice'),
        Format: format,
        ...(recognition === undefined ? {} : { Recognition: recognition }),
      }),
  }),
  video: defineAction({
    zh: '视频',
    en: 'video',
    group: 'message',
    shape: {},
    action: (_, context) => message('video', videoFields(context)),
  }),
  shortvideo: defineAction({
    zh: '小视频',
    en: 'shortvideo',
    group: 'message',
    shape: {},
    action: (_, context) => message('shortvideo', videoFields(context)),
  }),
  location: defineAction({
    zh: '位置',
    en: 'location',
    group: 'message',
    shape: {
      ...PLACE,
      scale: count('缩放 Scale', 20),
      label: textOr('地点 Label', '广州市海珠区客村艺苑路'),
    },
    action: ({ latitude, longitude, scale, label }) =>
      message(
        'location',
        { Location_X: latitude, Location_Y: longitude, Scale: scale, Label: label },
        { label },
      ),
  }),
  link: defineAction({
    zh: '链接',
    en: 'link',
    group: 'message',
    shape: {
      title: textOr('标题 Title', '一篇文章'),
      description: z.string().default('说明').meta({ title: '说明 Description' }),
      url: z.url().default('https://example.com/').meta({ title: 'Url' }),
    },
    action: ({ title, description, url }) =>
      message('link', { Title: title, Description: description, Url: url }, { title, description, url }),
  }),
  // Not on the official page. The fields are those that developers report from their logs (inferred).
  file: defineAction({
    zh: '文件',
    en: 'file',
    group: 'message',
    shape: {
      title: textOr('文件名 Title', '测试.pdf'),
      description: z.string().default('').meta({ title: '说明 Description' }),
      size: count('大小 FileTotalLen', 1024),
    },
    action: ({ title, description, size }) =>
      message(
        'file',
        {
          Title: title,
          Description: description,
          FileKey: `test_${randomBytes(16).toString('hex')}`,
          FileMd5: md5(title),
          FileTotalLen: size,
        },
        { title },
      ),
  }),
}

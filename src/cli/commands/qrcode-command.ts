import { callApi, serverOption } from '../api-client.ts'
import { cliCommand } from '../cli-command.ts'

/** `nurture qrcode APPID SCENE` */
export const qrcode = cliCommand({
  name: 'qrcode',
  description: 'Make a QR code that carries a scene 带参数的二维码',
  args: {
    appId: { type: 'positional', required: true, description: 'AppID of the account' },
    scene: {
      type: 'positional',
      required: true,
      description: "What a campaign's qrScenes know it by; 1 to 64 characters",
    },
    campaign: {
      type: 'string',
      description: 'Refuse unless this code leads into this campaign',
      valueHint: 'id',
    },
    expires: {
      type: 'string',
      description: 'How long it works, 30d at most (default: for good)',
      valueHint: '30d',
    },
    ...serverOption,
  },
  async run(args) {
    const made = await callApi<{ ticket: string; url: string; imageUrl: string; expiresAt: string | null }>(
      args,
      {
        method: 'POST',
        path: '/api/qrcodes',
        json: {
          appId: args.appId,
          qrScene: args.scene,
          ...(args.campaign === undefined ? {} : { campaign: args.campaign }),
          ...(args.expires === undefined ? {} : { expires: args.expires }),
        },
      },
    )
    const lifetime = made.expiresAt ? `works until ${made.expiresAt}` : 'permanent'
    return {
      value: made,
      text: `${args.scene}: ${lifetime}\npicture  ${made.imageUrl}\ncontent  ${made.url}`,
    }
  },
})

import { callApi, urlOption } from '../api-client.ts'
import { command, printing, type Terminal } from '../cli-command.ts'

interface Qrcode {
  ticket: string
  url: string
  imageUrl: string
  expiresAt: string | null
}

/** `nurture qrcode APPID SCENE` */
export const qrcodeCommand = (terminal: Terminal) =>
  command('qrcode', 'Create a QR code that carries a scene 带参数的二维码')
    .argument('<appId>', 'AppID of the account')
    .argument('<scene>', "The scene, as in a campaign's qrScenes; 1 to 64 characters")
    .option('--campaign <id>', 'Fail unless a scan of the code enters this campaign')
    .option('--expires <duration>', 'Lifetime, at most 30d (default: permanent)')
    .addOption(urlOption)
    .action(
      printing(terminal, async (appId, qrScene, { campaign, expires, ...options }) => {
        const json = { appId, qrScene, campaign, expires }
        const code = await callApi<Qrcode>(options, { method: 'POST', path: '/api/qrcodes', json })
        const lifetime = code.expiresAt ? `valid until ${code.expiresAt}` : 'permanent'
        const text = `${qrScene}: ${lifetime}\npicture  ${code.imageUrl}\ncontent  ${code.url}`
        return { value: code, text }
      }),
    )

import { basename } from 'node:path'
import { Option } from '@commander-js/extra-typings'
import { callApi, type ServerOptions, urlOption } from '../api-client.ts'
import { command, commandGroup, printing, type Terminal } from '../cli-command.ts'
import { readUserFile } from '../user-files.ts'

export const mediaCommands = (terminal: Terminal) =>
  commandGroup('media', 'Images, voice messages and videos 素材', [put(terminal)])

export interface Uploaded {
  id: string
  type: string
  bytes: number
}

const typeOption = new Option('--type <type>', 'What it is for, when the format alone does not tell').choices(
  ['image', 'voice', 'video', 'thumb'],
)

const put = (terminal: Terminal) =>
  command('put', "Upload an image, voice message, video or thumbnail; checked against WeChat's limits")
    .argument('<file>', 'The file')
    .addOption(typeOption)
    .addOption(urlOption)
    .action(
      printing(terminal, async (file, { type, ...options }) => {
        const medium = { name: basename(file), content: readUserFile(file), type }
        const uploaded = await uploadMedium(options, medium)
        return { value: uploaded, text: uploaded.id }
      }),
    )

/**
 * The id is a hash of the content, so a file that was uploaded before has the same. @param medium.type absent: the format
 * tells
 */
export function uploadMedium(
  options: ServerOptions,
  medium: { name: string; content: Buffer; type?: string | undefined },
): Promise<Uploaded> {
  const form = new FormData()
  form.set('file', new Blob([new Uint8Array(medium.content)]), medium.name)
  if (medium.type) form.set('type', medium.type)
  return callApi<Uploaded>(options, { method: 'POST', path: '/api/media', body: form })
}

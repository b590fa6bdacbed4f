import { basename } from 'node:path'
import { callApi, serverOption } from '../api-client.ts'
import { cliCommand } from '../cli-command.ts'
import { readUserFile } from '../user-files.ts'

export interface Uploaded {
  id: string
  type: string
  bytes: number
}

const put = cliCommand({
  name: 'put',
  description: "Upload a picture, voice, video or thumb; checked against WeChat's limits",
  args: {
    file: { type: 'positional', required: true, description: 'The file' },
    type: {
      type: 'enum',
      options: ['image', 'voice', 'video', 'thumb'],
      description: 'What it is for, where its format does not say',
    },
    ...serverOption,
  },
  async run(args) {
    const content = readUserFile(args.file)
    const saved = await upload(args, {
      name: basename(args.file),
      content,
      ...(args.type ? { type: args.type } : {}),
    })
    return { value: saved, text: saved.id }
  },
})

export const mediaCommands = { put }

export function upload(
  args: { url?: string | undefined },
  medium: { name: string; content: Buffer; type?: string },
): Promise<Uploaded> {
  const form = new FormData()
  form.set('file', new Blob([new Uint8Array(medium.content)]), medium.name)
  if (medium.type) form.set('type', medium.type)
  return callApi<Uploaded>(args, { method: 'POST', path: '/api/media', body: form })
}

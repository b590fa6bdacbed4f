import { urlOption } from '../api-client.ts'
import { command } from '../cli-command.ts'

/** A command about one campaign. */
export const campaignCommand = (name: string, description: string) =>
  command(name, description).argument('<id>', 'Id of the campaign').addOption(urlOption)

/** In the operator API. */
export const pathOf = (id: string) => `/api/campaigns/${encodeURIComponent(id)}`

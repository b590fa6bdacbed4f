// The script of the pages of accounts.
import { generateSecrets } from './generate-secrets.ts'
import { menuEditor } from './menu-editor.ts'
import { pageAddress } from './page-address.ts'

generateSecrets()
menuEditor()
pageAddress()

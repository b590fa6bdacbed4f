// The script of the pages of accounts, and of QR codes.
import { generateSecrets } from './generate-secrets.ts'
import { menuEditor } from './menu-editor.ts'
import { printButton } from './print-button.ts'

generateSecrets()
menuEditor()
printButton()

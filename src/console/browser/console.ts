// The script of every page with navigation. Pages work without it where they only read; the texts come from the page.
import { watchConnection } from './connection.ts'
import { copyButtons } from './copy-buttons.ts'
import { countdowns } from './countdowns.ts'
import { dialogs } from './dialogs.ts'
import { stayWithTyped } from './keep-typed.ts'
import { longForms } from './long-forms.ts'
import { pageAddress } from './page-address.ts'
import { shortcuts } from './shortcuts.ts'
import { submitOnce } from './submit-once.ts'

dialogs()
submitOnce()
longForms()
copyButtons()
countdowns()
shortcuts()
watchConnection()
stayWithTyped()
pageAddress()

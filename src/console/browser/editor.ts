// The script of the campaign editor.
import { startEditor } from './editor/app.tsx'

startEditor()

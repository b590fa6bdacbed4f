import { SILENCEPER } from './sdks.ts'
import { describeSdk } from './suite.ts'

await describeSdk(SILENCEPER)

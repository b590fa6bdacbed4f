import { SILENCEPER } from './sdk-list.ts'
import { describeSdk } from './sdk-suite.ts'

await describeSdk(SILENCEPER)

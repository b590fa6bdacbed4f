import { WXJAVA } from './sdk-list.ts'
import { describeSdk } from './sdk-suite.ts'

await describeSdk(WXJAVA)

import { WXJAVA } from './sdks.ts'
import { describeSdk } from './suite.ts'

await describeSdk(WXJAVA)

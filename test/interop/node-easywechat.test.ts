import { NODE_EASYWECHAT } from './sdks.ts'
import { describeSdk } from './suite.ts'

await describeSdk(NODE_EASYWECHAT)

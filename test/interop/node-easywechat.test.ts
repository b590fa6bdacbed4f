import { NODE_EASYWECHAT } from './sdk-list.ts'
import { describeSdk } from './sdk-suite.ts'

await describeSdk(NODE_EASYWECHAT)

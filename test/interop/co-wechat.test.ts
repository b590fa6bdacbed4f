import { CO_WECHAT } from './sdk-list.ts'
import { describeSdk } from './sdk-suite.ts'

await describeSdk(CO_WECHAT)

import { CO_WECHAT } from './sdks.ts'
import { describeSdk } from './suite.ts'

await describeSdk(CO_WECHAT)

import { WECHATPY } from './sdk-list.ts'
import { describeSdk } from './sdk-suite.ts'

await describeSdk(WECHATPY)

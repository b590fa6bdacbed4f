import { WECHATPY } from './sdks.ts'
import { describeSdk } from './suite.ts'

await describeSdk(WECHATPY)

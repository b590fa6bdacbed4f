import type { MessageTable } from '../../../shared/message-texts.ts'
import { fixedRemedies } from '../../../wechat/rules/errcodes.ts'

/** Chinese texts of what to do about WeChat's errcodes. */
export const REMEDY_TEXTS: MessageTable = Object.fromEntries(fixedRemedies().map(({ en, zh }) => [en, zh]))

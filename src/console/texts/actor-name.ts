import { ADMIN_TOKEN_ACTOR } from '../../auth/actors.ts'
import { bilingual, type Language } from './bilingual.ts'

const TEXTS = bilingual({ adminToken: '管理令牌' }, { adminToken: 'Admin token' })

/** The name of who has done something: a user, a token, or the administrator's token. Also for scripts of pages. */
export const actorName = (name: string, language: Language): string =>
  name === ADMIN_TOKEN_ACTOR ? TEXTS[language].adminToken : name

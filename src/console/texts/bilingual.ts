export { type Bilingual, bilingual, LANGUAGES, type Language } from '../../ui/bilingual.ts'

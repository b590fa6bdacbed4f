export { type Bilingual, bilingual, type Language } from '../../ui/bilingual.ts'

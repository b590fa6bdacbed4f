import type { Bilingual } from '../../ui/bilingual.ts'

export { type Bilingual, bilingual, type Language } from '../../ui/bilingual.ts'

/** The words of values, by the value. */
export type Labels = Bilingual<Readonly<Record<string, string>>>

/** The languages of the console. The first is the default. */
export const LANGUAGES = ['zh', 'en'] as const
export type Language = (typeof LANGUAGES)[number]

type Texts<T> = {
  readonly [K in keyof T]: T[K] extends string
    ? string
    : T[K] extends (...args: infer A) => string
      ? (...args: A) => string
      : Texts<T[K]>
}
export type Bilingual<T> = Readonly<Record<Language, T>>

/** Texts in both languages. The compiler refuses a text that one of them lacks. */
export function bilingual<const Zh extends object>(zh: Zh, en: Texts<Zh>): Bilingual<Texts<Zh>> {
  return { zh: zh as unknown as Texts<Zh>, en }
}

import { bilingual } from './bilingual.ts'

/** What a form has done. Each takes up to four values, in the order of `done(c, to, name, …values)`. */
export const NOTICE_TEXTS = bilingual(
  {
    paused: (name: string) => `已暂停「${name}」`,
    resumed: (name: string) => `已恢复「${name}」`,
  },
  {
    paused: (name: string) => `Paused “${name}”`,
    resumed: (name: string) => `Resumed “${name}”`,
  },
)

import { z } from 'zod'
import { normaliseExitKeyword } from '../shared/keyword.ts'
import { described, EXIT_HELP } from './field-help.ts'
import { onAnyMap, words } from './field-model.ts'
import { replySchema } from './message-model.ts'

/**
 * The schema of an opt-out: the keywords by which a follower ends all messages, those that end the opt-out,
 * and their passive replies. A campaign has one as `exit`, an account as `optOut`.
 */
export const optOutSchema = z
  .strictObject(
    described(EXIT_HELP, {
      keywords: words,
      reply: replySchema.optional(),
      resume: words.optional(),
      resumeReply: replySchema.optional(),
    }),
  )
  .superRefine(({ keywords, resume, resumeReply }, ctx) => {
    const report = (path: (string | number)[], message: string) =>
      ctx.addIssue({ code: 'custom', path, message })
    if (resumeReply !== undefined && resume === undefined)
      report(['resumeReply'], 'resumeReply needs resume: the keywords that it answers')
    const exits = new Set(keywordForms(keywords))
    for (const [i, form] of keywordForms(resume).entries())
      if (exits.has(form)) report(['resume', i], 'stands in keywords too: one text cannot mean both')
  }, onAnyMap)

/** An opt-out; texts as in the file. */
export type OptOut = z.output<typeof optOutSchema>

/** The form of each text; of a file with errors, those of its texts. */
function keywordForms(given: unknown): string[] {
  const list = Array.isArray(given) ? given : []
  return list.map((word) => (typeof word === 'string' ? normaliseExitKeyword(word) : ''))
}

interface Forms {
  exits: ReadonlySet<string>
  resumes: ReadonlySet<string>
}

/** The normalised keywords of each opt-out. A setting is replaced as a whole when it changes. */
const formsOf = new WeakMap<OptOut, Forms>()

function forms(optOut: OptOut): Forms {
  const known = formsOf.get(optOut)
  if (known) return known
  const made = {
    exits: new Set(optOut.keywords.map(normaliseExitKeyword)),
    resumes: new Set(optOut.resume?.map(normaliseExitKeyword)),
  }
  formsOf.set(optOut, made)
  return made
}

/** True for a text by which the follower opts out. */
export function isExitOf(optOut: OptOut | null | undefined, text: string): boolean {
  if (!optOut) return false
  const form = normaliseExitKeyword(text)
  return form !== '' && forms(optOut).exits.has(form)
}

/** True for a text that ends the opt-out of the follower. */
export function isResumeOf(optOut: OptOut | null | undefined, text: string): boolean {
  if (!optOut?.resume) return false
  const form = normaliseExitKeyword(text)
  return form !== '' && forms(optOut).resumes.has(form)
}

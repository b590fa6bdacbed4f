import { bilingual } from './bilingual.ts'

/** The head of the pages of one campaign. */
export const CAMPAIGN_FRAME_TEXTS = bilingual(
  {
    dryRun: '预演',
    test: '试发',
    publish: '发布…',
    draft: '草稿',
    neverPublished: '还没有发布过，不会发给任何人。',
    live: (version: number, active: string) => `最新是第 ${version} 版，${active} 位粉丝正在其中。`,
    draftSaved: '草稿：',
  },
  {
    dryRun: 'Dry run',
    test: 'Test send',
    publish: 'Publish…',
    draft: 'draft',
    neverPublished: 'It was never published: nobody gets anything.',
    live: (version: number, active: string) =>
      `Version ${version} is the newest, ${active} followers are inside.`,
    draftSaved: 'Draft:',
  },
)

/** Errors and warnings of the check. */
export const ISSUE_LIST_TEXTS = bilingual(
  { line: (line: number) => `第 ${line} 行`, branch: (name: string) => `分支「${name}」` },
  { line: (line: number) => `line ${line}`, branch: (name: string) => `branch “${name}”` },
)

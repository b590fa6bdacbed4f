import type { PlayedChoice } from '../campaign/played-choice.ts'
import type { Language } from './texts/bilingual.ts'

/** What the page of the editor gives to its script. */
export interface EditorData {
  id: string
  source: string
  /** Of the draft; null: there is none, and the text is that of the newest version. */
  revision: number | null
  /** Epoch ms. */
  savedAt: number | null
  savedBy: string | null
  /** The published campaign; null: none. */
  live: { version: number; name: string } | null
  accounts: { appId: string; name: string | null; variables: string[] }[]
  me: string
  mayChange: boolean
  language: Language
}

/** An error or a warning in the reader's language. */
export interface EditorIssue {
  path: string
  line?: number
  message: string
  hint?: string
}

/** What the server says of a text: its errors, its warnings, and what a follower gets. */
export interface EditorAnalysis {
  issues: EditorIssue[]
  warnings: EditorIssue[]
  /** Null for a file with errors, and for one that only answers. */
  played: (PlayedChoice & { quiet: { from: string; to: string } | null; accountName: string | null }) | null
}

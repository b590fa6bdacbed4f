import type { CampaignEdit } from '../campaign/editing/apply-edits.ts'
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
  /** The campaigns that a step may lead to and a condition may name: all but this one. */
  campaigns: { id: string; name: string }[]
  /** The names of the receivers of webhooks. */
  webhooks: string[]
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
  /** The field at its path is required and has no value yet. */
  isEmpty?: boolean
  fixes?: EditorFix[]
}

/** A change that removes the reason of an issue. */
export interface EditorFix {
  label: string
  edits: readonly CampaignEdit[]
}

/** Uploaded files by their ids. */
export type MediaNames = Readonly<Record<string, { filename: string; type: MediumType }>>
export type MediumType = 'image' | 'voice' | 'video' | 'thumb'

/** What the server says of a text: its errors, its warnings, and what a follower gets. */
export interface EditorAnalysis {
  issues: EditorIssue[]
  warnings: EditorIssue[]
  /** The uploaded files that the text names, by their ids. */
  media: MediaNames
  /** Null for a file with errors, and for one that only answers. */
  played: (PlayedChoice & { quiet: { from: string; to: string } | null; accountName: string | null }) | null
}

/** What became of a step of the live version in the last seven days. */
interface StepFigures {
  sent: number
  couldNot: number
  byDesign: number
  repliedAfter: number
  unfollowedAfter: number
}

/** What the last seven days show. */
export interface EditorFigures {
  /** When followers first wrote, of the runs whose window is over; null: too few for shares. */
  replies: { runs: number; soon: number; later: number; never: number } | null
  /** Without shares: the runs that are too young for them. With shares they are not counted: 0. */
  young: number
  /** The live version; null: there is none. */
  version: number | null
  /** By step of the live version. A step with several messages has each: `gift`, `gift.2`. */
  steps: Readonly<Record<string, StepFigures>>
}

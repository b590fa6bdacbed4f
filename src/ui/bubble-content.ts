/** What a bubble of a chat shows. Pictures are addresses of this site; null: none is known. `name`: of the uploaded file. */
export type BubbleContent =
  | { kind: 'text'; text: string }
  | { kind: 'image'; picture: string | null; name?: string }
  | { kind: 'voice'; seconds: number | null; name?: string }
  | { kind: 'video'; title: string; description: string; picture: string | null }
  | { kind: 'music'; title: string; description: string; picture: string | null }
  | { kind: 'news'; title: string; description: string; picture: string | null; url?: string }
  | { kind: 'menu'; head: string; items: readonly { id: string; text: string }[]; tail: string }
  | { kind: 'miniprogram'; title: string; appId: string; picture: string | null }
  | { kind: 'article'; id: string }
  | { kind: 'card'; id: string }
  // What followers send, beside texts, pictures, voice messages and videos.
  | { kind: 'location'; label: string }
  | { kind: 'link'; title: string; description: string; url: string }
  | { kind: 'file'; title: string }

import type { HAPPENING_TEXTS } from './phone-texts.ts'
import type { FollowerView } from './view-types.ts'

type HappeningView = FollowerView['happenings'][number]
type Texts = (typeof HAPPENING_TEXTS)['zh']

interface Described {
  icon: string
  tone: 'green' | 'amber' | 'red' | 'plain'
  title: string
  detail: string
}

/** What happened on a phone, with a picture and a colour. */
export function describeHappening(happening: HappeningView, texts: Texts): Described {
  const kind = (name: string) => texts.kinds[name] ?? name
  if (happening.kind === 'send') return describeSend(happening, texts, kind(happening.what))
  const { answer, reply, reason, status, deliveries, tookMs } = happening
  const title = texts.push(kind(happening.what))
  const took = ` · ${texts.took(tookMs)}`
  switch (answer) {
    case 'success':
      return { icon: 'smartphone', tone: 'plain', title, detail: texts.answers.success + took }
    case 'reply':
      return { icon: 'reply', tone: 'green', title, detail: texts.reply(kind(reply ?? '')) + took }
    case 'refused':
      return { icon: 'circle-alert', tone: 'red', title, detail: texts.refused(reason ?? '') + took }
    case 'failed': {
      const why = status === null ? (reason ?? texts.noAnswer) : `HTTP ${status}`
      return { icon: 'circle-alert', tone: 'red', title, detail: texts.failed(why, deliveries) + took }
    }
    case 'lost':
      return { icon: 'circle-alert', tone: 'red', title, detail: texts.answers.lost }
    case 'no-server':
      return { icon: 'smartphone', tone: 'amber', title, detail: texts.answers['no-server'] }
    default:
      return answer satisfies never
  }
}

function describeSend(
  { errcode, unclear }: Extract<HappeningView, { kind: 'send' }>,
  texts: Texts,
  kind: string,
): Described {
  if (errcode === null)
    return { icon: 'circle-alert', tone: 'amber', title: texts.notSent(kind), detail: texts.noResponse }
  if (errcode !== 0) {
    const why = texts.errcodes[String(errcode)] ?? texts.otherErrcode
    return {
      icon: 'circle-alert',
      tone: 'red',
      title: texts.notSent(kind),
      detail: `${why} · errcode ${errcode}`,
    }
  }
  const detail = unclear ? texts.unclear : texts.accepted
  return {
    icon: unclear ? 'triangle-alert' : 'check',
    tone: unclear ? 'amber' : 'green',
    title: texts.sent(kind),
    detail,
  }
}

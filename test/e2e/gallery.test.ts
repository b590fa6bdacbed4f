import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { differencesOf } from '../harness/gallery/compare.ts'
import { keptAnswers } from '../harness/gallery/kept-timelines.ts'
import { playsOf } from '../harness/gallery/plays.ts'
import { type Example, readExamples, Stage } from '../harness/gallery/stage.ts'

/**
 * The ten examples of `campaigns/` are played to their end on the simulator, with the clocks of their followers moved forward:
 * each timeline of `docs/campaign-timelines.md`, and ways that take the other branches. What a follower receives is compared,
 * to the minute, with the page and with a preview of the same events. `npm run gallery` plays all, `npm test` a few.
 */

/** `all`, or the numbers of examples, like `04,09`. Absent: the few plays of `npm test`. */
const { GALLERY } = process.env
const FEW = ['replies 1 after 35 s', 'takes coupon, uses it next noon', 'hall A', 'by menu; three friends']
const numbers = GALLERY === undefined || GALLERY === 'all' ? [] : GALLERY.split(',')
const isWanted = ({ file }: Example) => numbers.length === 0 || numbers.includes(file.slice(0, 2))

const all = readExamples()
const plays = all.filter(isWanted).flatMap((example) =>
  playsOf(example)
    .filter(({ name }) => GALLERY !== undefined || FEW.includes(name))
    .map((play) => ({ file: example.file, name: play.name, play })),
)
const answers = all.filter(isWanted).find(({ campaign }) => campaign.answers)

let stage: Stage
beforeAll(async () => {
  stage = await Stage.open(inject('temporalAddress'), all)
})
afterAll(() => stage?.close())

describe.skipIf(plays.length === 0)('an example plays as its timeline says', () => {
  it.concurrent.each(plays)('$file: $name', async ({ play }) => {
    expect(await differencesOf(stage, play)).toEqual([])
  })
})

describe.skipIf(!answers)('the answers of the examples', () => {
  it.each(keptAnswers())('$what gets $gets', async ({ what, gets }) => {
    const sim = stage.app.simulator.account(answers?.appId ?? '')
    const key = /^taps (.+)$/.exec(what)?.[1]
    const openId = 'oAsks'
    stage.app.simulator.wechat.follower({ appId: answers?.appId ?? '', openId }).following = true
    const result = await (key === undefined ? sim.type(openId, what) : sim.tapMenu(openId, key))
    const { msgType, fields = {} } = result.passiveReply ?? {}
    const title = /"Title":"(.+?)"/.exec(JSON.stringify(fields))?.[1]
    const found = msgType === 'transfer_customer_service' ? 'a human agent' : (title ?? fields.Content)
    expect(String(found).replaceAll('\n', ' ')).toBe(gets.replace('{{ account.address }}', '南京路 1 号'))
  })
})

import { expect, it } from 'vitest'
import { describeOnBothStores } from '../../../test/harness/stores.ts'
import { checkCampaign } from '../../campaign/check.ts'
import { campaignVersions } from '../schema.ts'
import { createCampaignStore } from './campaign-store.ts'
import { createDraftStore, DraftConflict } from './draft-store.ts'
import { PublishConflict } from './publish-campaign.ts'

const NOW = 1_800_000_000_000
const SOURCE = `id: series
name: series
entry: { event: subscribe }
steps:
  - { id: gift, after: 5s, send: { text: gift } }
`

describeOnBothStores('drafts and versions', (store) => {
  const drafts = () => createDraftStore(store().db, () => NOW)
  const campaigns = () => createCampaignStore(store().db, () => NOW)
  const save = (id: string, source: string, expected?: number) =>
    drafts().save(id, { source, savedBy: 'lin' }, expected)
  function publish(source: string, expectedVersion?: number) {
    const { campaign } = checkCampaign(source)
    if (!campaign) throw new Error('the campaign is invalid')
    return campaigns().publish(source, campaign, [], { publishedBy: 'lin', expectedVersion })
  }

  it('saves a draft once when two are saved at the same moment as the first', async () => {
    const saved = await Promise.allSettled([save('new', 'a', 0), save('new', 'b', 0)])
    expect(saved.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(saved.find((s) => s.status === 'rejected')?.reason).toBeInstanceOf(DraftConflict)
    expect(await drafts().find('new')).toMatchObject({ revision: 1, baseVersion: null, savedBy: 'lin' })
    await Promise.all([save('new', 'c'), save('new', 'd')])
    expect(await drafts().find('new')).toMatchObject({ revision: 3 })
  })

  it('publishes once when two expect the same version', async () => {
    await publish(SOURCE, 0)
    const texts = ['one', 'two'].map((text) => SOURCE.replace('text: gift', `text: ${text}`))
    const published = await Promise.allSettled(texts.map((text) => publish(text, 1)))
    expect(published.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(published.find((p) => p.status === 'rejected')?.reason).toBeInstanceOf(PublishConflict)
    expect(await campaigns().versions('series')).toHaveLength(2)
    expect(await save('series', SOURCE)).toMatchObject({ baseVersion: 2 })
  })

  it('computes the hash of a version that 0.3 has published', async () => {
    await publish(SOURCE)
    const [before] = await campaigns().versions('series')
    await store().db.update(campaignVersions).set({ contentHash: null })
    const [after] = await campaigns().versions('series')
    expect(after?.contentHash).toBe(before?.contentHash)
    expect(after?.contentHash).toMatch(/^sha256-[0-9a-f]{64}$/)
    expect(await publish(`# comment\n${SOURCE}`)).toMatchObject({ version: 1, isUnchanged: true })
    expect((await campaigns().find('series'))?.source).toContain('# comment')
  })

  it('takes no version of a retired campaign', async () => {
    await publish(SOURCE)
    expect(await campaigns().setState('series', 'retired')).toBe(true)
    await expect(publish(SOURCE)).rejects.toBeInstanceOf(PublishConflict)
    expect((await campaigns().list()).map(({ row }) => row.id)).not.toContain('series')
    expect(await campaigns().setState('series', 'live', ['paused'])).toBe(false)
    expect(await campaigns().setState('series', 'live', ['retired'])).toBe(true)
  })
})

import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { eq } from 'drizzle-orm'
import { requestFacts } from '../../../src/api/follower-requests.ts'
import { checkCampaign } from '../../../src/campaign/check.ts'
import { compileCampaign } from '../../../src/campaign/compile.ts'
import type { Campaign } from '../../../src/campaign/model.ts'
import { siblingMedia } from '../../../src/cli/sibling-media.ts'
import type { Plan } from '../../../src/run/plan.ts'
import type { Facts } from '../../../src/shared/facts.ts'
import type { FollowerKey } from '../../../src/shared/ids.ts'
import { recordClick } from '../../../src/store/links/links.ts'
import { inbox } from '../../../src/store/schema.ts'
import { type AppHarness, startAppHarness } from '../app-harness.ts'
import { waitFor } from '../wait-for.ts'

/** The product with the examples of `campaigns/` live, each on an account of its own, and the systems around it. */

const FOLDER = new URL('../../../campaigns/', import.meta.url)
const ADMIN_TOKEN = 'test-admin-token'

export interface Example {
  /** `04-expo-qr.yaml` */
  file: string
  /** Its own account. */
  appId: string
  campaign: Campaign
  plan: Plan
  source: string
}

/** The examples, each on its own account. */
export function readExamples(): Example[] {
  return readdirSync(FOLDER)
    .filter((file) => /^\d\d-/.test(file))
    .map((file) => {
      const appId = accountOf(file)
      // The example of recall leaves out who has gone through the course.
      const accounts = file.startsWith('02-') ? [appId, accountOf('06-')] : [appId]
      const source = `${readFileSync(new URL(file, FOLDER), 'utf8')}accounts: [${accounts}]\n`
      const { campaign, issues } = checkCampaign(source)
      if (!campaign) throw new Error(`${file}: ${JSON.stringify(issues)}`)
      return { file, appId, campaign, plan: compileCampaign(campaign, 1), source }
    })
}

const accountOf = (file: string): string => `wxgallery00000${file.slice(0, 2)}`

/** A webhook that a system around the product received. */
interface ReceivedWebhook {
  openId: string
  campaign: string
  step: string
}

export class Stage {
  readonly app: AppHarness
  readonly webhooks: ReceivedWebhook[] = []
  readonly #receiver: Server

  private constructor(app: AppHarness) {
    this.app = app
    this.#receiver = createServer((req, res) => {
      const parts: Buffer[] = []
      req.on('data', (part: Buffer) => parts.push(part))
      req.on('end', () => {
        res.writeHead(200).end()
        this.webhooks.push(JSON.parse(Buffer.concat(parts).toString('utf8')))
      })
    })
  }

  /** Starts the product with these examples. */
  static async open(temporalAddress: string, examples: readonly Example[]): Promise<Stage> {
    const app = await startAppHarness({ temporalAddress, webhookPrivate: true })
    const stage = new Stage(app)
    const port = await stage.#listen()
    for (const { appId } of examples) await stage.#addAccount(appId)
    const names = examples.flatMap(({ plan }) => plan.steps.flatMap(({ acts }) => acts?.webhook ?? []))
    for (const name of new Set(names))
      await stage.#call('PUT', `/api/webhooks/${name}`, { url: `http://127.0.0.1:${port}/${name}` })
    for (const example of examples) await stage.#publish(example)
    return stage
  }

  async close(): Promise<void> {
    this.#receiver.close()
    this.#receiver.closeAllConnections()
    await this.app.close()
  }

  /** Another system sets facts of a follower, at a time of the follower's clock. */
  async tell({ appId, openId }: FollowerKey, facts: Facts): Promise<number> {
    const { accounts, campaigns, db, dispatcher } = this.app.services
    const at = this.app.simulator.account(appId).clock(openId)
    const follower = { appId, openId }
    await requestFacts({ now: () => at }, { tx: db, accounts, campaigns }, { follower, facts, key: null })
    dispatcher.wake()
    return at
  }

  /** A follower opens a short link, at a time of the follower's clock. */
  async click({ appId, openId }: FollowerKey, token: string): Promise<number> {
    const { db, dispatcher } = this.app.services
    const at = this.app.simulator.account(appId).clock(openId)
    if (await recordClick(db, token, at)) dispatcher.wake()
    return at
  }

  /** Waits until every event of the follower is with its run. */
  async untilDispatched({ openId }: FollowerKey): Promise<void> {
    const { db } = this.app.services
    const rows = () =>
      db.select({ dispatchedAt: inbox.dispatchedAt }).from(inbox).where(eq(inbox.openId, openId))
    await waitFor(rows, { until: (all) => all.every(({ dispatchedAt }) => dispatchedAt !== null) })
  }

  async #addAccount(appId: string): Promise<void> {
    const { app } = this
    const variables = { city: '上海', address: '南京路 1 号' }
    await app.addAccount({ appId, variables, humanAgents: true })
    for (const agent of ['guide@expo', 'reception@clinic', 'service@shop'])
      app.simulator.account(appId).setAgent(agent, { online: true })
  }

  async #publish({ file, source }: Example): Promise<void> {
    const { media, issues, text } = siblingMedia(fileURLToPath(new URL(file, FOLDER)), source)
    if (issues.length > 0) throw new Error(`${file}: ${JSON.stringify(issues)}`)
    for (const { name, content, rewrite } of media) {
      const form = new FormData()
      form.append('file', new File([new Uint8Array(content)], name))
      rewrite(((await this.#call('POST', '/api/media', form)) as { id: string }).id)
    }
    await this.app.publish(text())
  }

  async #call(method: string, path: string, body: object): Promise<unknown> {
    const isForm = body instanceof FormData
    const answer = await this.app.web.request(path, {
      method,
      headers: {
        authorization: `Bearer ${ADMIN_TOKEN}`,
        ...(isForm ? {} : { 'content-type': 'application/json' }),
      },
      body: isForm ? body : JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }

  async #listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#receiver.listen(0, '127.0.0.1', resolve))
    return (this.#receiver.address() as AddressInfo).port
  }
}

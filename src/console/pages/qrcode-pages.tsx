import { raw } from 'hono/html'
import encodeQR from 'qr'
import type { QrcodeView } from '../../api/views/qrcode-view.ts'
import { timeInBeijing } from '../../shared/beijing-time.ts'
import { Code, Data, NextPage, timeCell } from '../components/basics.tsx'
import { type Column, DataTable } from '../components/data-table.tsx'
import {
  FormDialog,
  FormProblem,
  type FormState,
  OpensDialog,
  type Option,
  SelectField,
  TextField,
} from '../components/forms.tsx'
import { useNumber } from '../components/numbers.tsx'
import { Icon } from '../design/icons.tsx'
import { campaignPath } from '../paths.ts'
import { Page } from '../shell/page.tsx'
import { QRCODE_TEXTS } from '../texts/qrcode-texts.ts'
import { useMay, useText } from '../view.ts'

/** What a new code can be for. */
interface Choices {
  accounts: readonly Option[]
  campaigns: readonly Option[]
}

interface ListProps extends Choices {
  items: QrcodeView[]
  next: string | null
  state: FormState
  now: number
}

/** The codes that were made, and what they have brought. */
export const QrcodesPage = (props: ListProps) => {
  const texts = useText(QRCODE_TEXTS)
  const number = useNumber()
  const names = new Map(props.accounts.map(({ value, label }) => [value, label]))
  const columns: Column<QrcodeView>[] = [
    { title: texts.scene, cell: (code) => <Scene code={code} /> },
    { title: texts.account, cell: (code) => <Data>{names.get(code.appId) ?? code.appId}</Data> },
    { title: texts.entries, cell: (code) => number(code.entries) },
    {
      title: texts.campaign,
      cell: (code) => (code.campaign === null ? null : <Campaign id={code.campaign} />),
    },
    { title: texts.validity, cell: (code) => <Validity code={code} now={props.now} /> },
    { title: texts.createdAt, cell: (code) => timeCell(code.createdAt) },
  ]
  return (
    <Page title={texts.title} at="/qrcodes" aside={<Create {...props} />}>
      {props.items.length === 0 ? (
        <div class="empty">
          <p>{texts.empty}</p>
          <p>{props.accounts.length === 0 ? texts.noAccount : texts.emptyHint}</p>
        </div>
      ) : (
        <>
          <DataTable columns={columns} rows={props.items} />
          <p class="quiet card-actions">{texts.entriesHint}</p>
        </>
      )}
      <NextPage cursor={props.next} />
    </Page>
  )
}

const Scene = ({ code }: { code: QrcodeView }) => (
  <>
    <Data>{code.qrScene}</Data>
    <div>
      <a href={`/qrcodes/${code.id}`}>{useText(QRCODE_TEXTS).show}</a>
    </div>
  </>
)

const Campaign = ({ id }: { id: string }) => (
  <a href={campaignPath(id)}>
    <Code>{id}</Code>
  </a>
)

const Validity = ({ code: { expiresAt }, now }: { code: QrcodeView; now: number }) => {
  const texts = useText(QRCODE_TEXTS)
  if (expiresAt === null) return <>{texts.forever}</>
  if (Date.parse(expiresAt) <= now) return <span class="pill">{texts.expired}</span>
  return <>{texts.until(timeInBeijing(Date.parse(expiresAt)).slice(0, 16))}</>
}

const Create = ({ accounts, campaigns, state }: ListProps) => {
  const texts = useText(QRCODE_TEXTS)
  if (!useMay('operator') || accounts.length === 0) return null
  const lifetimes = Object.entries(texts.lifetimes).map(([value, label]) => ({ value, label }))
  return (
    <>
      <OpensDialog dialog="create-qrcode" label={texts.create} icon="plus" tone="main" />
      <FormDialog
        id="create-qrcode"
        title={texts.create}
        action="/qrcodes"
        submit={texts.create}
        open={Object.keys(state.problems).length > 0}
      >
        <FormProblem state={state} />
        <SelectField name="appId" label={texts.account} state={state} options={accounts} required />
        <TextField
          name="qrScene"
          label={texts.scene}
          hint={texts.sceneHint}
          state={state}
          maxlength={64}
          required
        />
        <SelectField
          name="campaign"
          label={texts.campaign}
          hint={texts.campaignHint}
          state={state}
          options={[{ value: '', label: texts.anyCampaign }, ...campaigns]}
          required
        />
        <SelectField
          name="expires"
          label={texts.expires}
          hint={texts.permanentHint}
          state={state}
          options={lifetimes}
          required
        />
      </FormDialog>
    </>
  )
}

/** One code, to be scanned from the screen or printed. */
export const QrcodePage = ({ code, account, now }: { code: QrcodeView; account: string; now: number }) => {
  const texts = useText(QRCODE_TEXTS)
  return (
    <Page title={code.qrScene} at="/qrcodes" scripts={['accounts']} aside={<PageActions code={code} />}>
      <section class="card poster">
        <p class="poster-name" translate="no">
          {account}
        </p>
        <div class="qr large" role="img" aria-label={texts.code(code.qrScene)}>
          {raw(encodeQR(code.url, 'svg'))}
        </div>
        <p>{texts.scan}</p>
        <p class="quiet">
          <Data>{code.qrScene}</Data> · <Validity code={code} now={now} />
        </p>
      </section>
    </Page>
  )
}

const PageActions = ({ code }: { code: QrcodeView }) => {
  const texts = useText(QRCODE_TEXTS)
  return (
    <p class="row">
      <a class="button" href="/qrcodes">
        {texts.back}
      </a>
      <a class="button" href={code.imageUrl}>
        <Icon name="external-link" />
        {texts.download}
      </a>
      <button type="button" class="main" data-print>
        <Icon name="printer" />
        {texts.print}
      </button>
    </p>
  )
}

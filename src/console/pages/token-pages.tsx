import type { tokenView } from '../../api/routes/token-routes.ts'
import { ROLES as ROLE_NAMES } from '../../auth/roles.ts'
import { Actor, Code, Data, Empty, NextPage, Time, timeCell } from '../components/basics.tsx'
import { type Column, DataTable } from '../components/data-table.tsx'
import {
  ConfirmedAction,
  CopyRow,
  FormDialog,
  FormProblem,
  type FormState,
  NEW_FORM,
  OpensDialog,
  SelectField,
  TextField,
} from '../components/forms.tsx'
import { Page } from '../shell/page.tsx'
import { TOKEN_TEXTS } from '../texts/admin-texts.ts'
import { ROLES, useLabel } from '../texts/labels.ts'
import { useText } from '../view.ts'

type TokenView = ReturnType<typeof tokenView>

/** The tokens, and a form that creates one. `added` is that form when it was refused. */
export const TokensPage = (props: {
  items: TokenView[]
  next: string | null
  now: number
  added?: FormState
}) => {
  const texts = useText(TOKEN_TEXTS)
  const role = useLabel(ROLES)
  const hasExpired = (t: TokenView) => t.expiresAt !== null && Date.parse(t.expiresAt) <= props.now
  const columns: Column<TokenView>[] = [
    { title: texts.purpose, cell: (t) => <Data>{t.name}</Data> },
    { title: 'id', cell: (t) => <Code>{t.id}</Code> },
    { title: texts.role, cell: (t) => role(t.role) },
    { title: texts.createdBy, cell: (t) => <Actor name={t.createdBy} /> },
    { title: texts.createdAt, cell: (t) => timeCell(t.createdAt) },
    {
      title: texts.expiresAt,
      cell: (t) =>
        t.expiresAt && (
          <>
            <Time at={t.expiresAt} /> {hasExpired(t) ? <b class="bad">{texts.expired}</b> : null}
          </>
        ),
    },
    { title: texts.lastUsedAt, cell: (t) => timeCell(t.lastUsedAt) },
    {
      title: texts.revoke,
      cell: (t) => (
        <ConfirmedAction
          id={`revoke-${t.id}`}
          label={texts.revoke}
          title={texts.revokeTitle(t.name)}
          hint={texts.revokeHint}
          action={`/tokens/${encodeURIComponent(t.id)}/revoke`}
        />
      ),
    },
  ]
  const create = <OpensDialog dialog="create-token" label={texts.create} icon="plus" tone="main" />
  return (
    <Page title={texts.title} at="/tokens" aside={create}>
      {props.items.length === 0 ? (
        <Empty text={texts.empty} hint={texts.emptyHint} />
      ) : (
        <DataTable columns={columns} rows={props.items} />
      )}
      <NextPage cursor={props.next} />
      <CreateToken state={props.added} />
    </Page>
  )
}

const CreateToken = ({ state = NEW_FORM }: { state?: FormState | undefined }) => {
  const texts = useText(TOKEN_TEXTS)
  const role = useLabel(ROLES)
  return (
    <FormDialog
      id="create-token"
      title={texts.create}
      action="/tokens"
      submit={texts.create}
      open={Object.keys(state.problems).length > 0}
    >
      <FormProblem state={state} />
      <TextField
        name="name"
        label={texts.purpose}
        hint={texts.purposeHint}
        state={state}
        required
        maxlength={100}
      />
      <SelectField
        name="role"
        label={texts.role}
        state={state}
        required
        value="viewer"
        options={ROLE_NAMES.map((value) => ({ value, label: role(value) }))}
      />
      <SelectField
        name="expires"
        label={texts.lifetime}
        state={state}
        required
        value="90d"
        options={['30d', '90d', '365d', ''].map((value) => ({
          value,
          label: texts.lifetimes[value] ?? value,
        }))}
      />
    </FormDialog>
  )
}

/** A new token, which only this page shows. */
export const CreatedTokenPage = ({ name, token }: { name: string; token: string }) => {
  const texts = useText(TOKEN_TEXTS)
  return (
    <Page title={texts.created} at="/tokens">
      <p>
        <Data>{name}</Data>
      </p>
      <p class="note amber" role="status">
        {texts.createdHint}
      </p>
      <section class="card" data-page-address="/tokens">
        <CopyRow label={texts.token} text={token} />
      </section>
      <p>
        <a class="button" href="/tokens">
          {texts.back}
        </a>
      </p>
    </Page>
  )
}

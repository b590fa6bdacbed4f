import { randomUUID } from 'node:crypto'
import { Option } from '@commander-js/extra-typings'
import { factOfText } from '../../shared/facts.ts'
import { callApi } from '../api-client.ts'
import { printing, type Terminal } from '../cli-command.ts'
import { collectPairs } from '../option-parsers.ts'
import { table } from '../table.ts'
import { campaignCommand, pathOf } from './campaign-command.ts'
import { toCompared } from './campaign-version-commands.ts'

/** `campaign test-send`. */
export const testSendCommand = (terminal: Terminal) =>
  campaignCommand('test-send', 'Send messages of a campaign to a tester now 试发')
    .argument('<appId>', 'The account')
    .argument('<openId>', 'The tester, who has written to the account recently')
    .option('--step <id>', 'One step; without it all messages')
    .addOption(new Option('--of <version>', 'A version, live or draft').argParser(toCompared).default('live'))
    .option('--reply <text>', "The tester's answer, for {{ reply.text }}")
    .addOption(
      new Option('--set <name=value>', 'A fact for the templates; repeatable')
        .argParser(collectPairs)
        .default({}, 'those of the tester'),
    )
    .action(
      printing(terminal, async (id, appId, openId, { step, of, reply, set, ...options }) => {
        const facts = Object.fromEntries(Object.entries(set).map(([name, text]) => [name, factOfText(text)]))
        const done = await callApi<{
          grant: { scene: string; left: number }
          messages: { step: string; result: string; errcode: number | null; reason: string | null }[]
        }>(options, {
          method: 'POST',
          path: `${pathOf(id)}/test-send`,
          headers: { 'idempotency-key': randomUUID() },
          json: {
            appId,
            openId,
            ...(step === undefined ? {} : { step }),
            version: of === 'live' || of === 'draft' ? of : Number(of),
            ...(reply === undefined ? {} : { reply }),
            ...(Object.keys(facts).length === 0 ? {} : { facts }),
          },
        })
        const rows = done.messages.map((m) => [m.step, m.result, m.errcode, m.reason])
        return {
          value: done,
          text: table(['step', 'result', 'errcode', 'what to do'], rows),
          failed: done.messages.some((m) => m.result !== 'sent'),
        }
      }),
    )

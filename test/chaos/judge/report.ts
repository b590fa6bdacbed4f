import type { Evidence } from './evidence.ts'
import type { Lateness, Verdict } from './verdict.ts'

const SHOWN = 20

export interface Report {
  store: string
  faults: Record<string, number>
  lost: number
  duplicated: number
  broken: number
  counts: Record<string, number>
  /** Lateness in ms by the active fault; `all` covers every step. */
  lateness: Record<string, { steps: number; p50: number; p99: number; max: number }>
  findings: { kind: string; subject: string; problem: string }[]
}

export function reportOf(store: string, evidence: Evidence, verdict: Verdict): Report {
  const faults: Record<string, number> = {}
  for (const f of evidence.faults) {
    const name = f.kind === 'kill' || f.kind === 'pause' ? `${f.kind} ${f.target}` : f.kind
    faults[name] = (faults[name] ?? 0) + 1
  }
  const findings = (['lost', 'duplicated', 'broken', 'unproven'] as const).flatMap((kind) =>
    verdict[kind].map((f) => ({ kind, ...f })),
  )
  return {
    store,
    faults,
    lost: verdict.lost.length,
    duplicated: verdict.duplicated.length,
    broken: verdict.broken.length,
    counts: verdict.counts,
    lateness: latenessBy(verdict.lateness),
    findings,
  }
}

function latenessBy(all: readonly Lateness[]): Report['lateness'] {
  const kinds = ['all', ...new Set(all.map((l) => l.fault))]
  return Object.fromEntries(
    kinds.map((kind) => {
      const ms = all.flatMap((l) => (kind === 'all' || l.fault === kind ? [l.ms] : [])).sort((a, b) => a - b)
      const at = (share: number) => ms[Math.min(ms.length - 1, Math.floor(ms.length * share))] ?? 0
      return [kind, { steps: ms.length, p50: at(0.5), p99: at(0.99), max: ms.at(-1) ?? 0 }]
    }),
  )
}

export function formatReport(report: Report): string {
  const total = Object.values(report.faults).reduce((a, b) => a + b, 0)
  const list = (of: Record<string, number>) =>
    Object.entries(of)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, n]) => `    ${name}: ${n}`)
  const late = Object.entries(report.lateness).map(
    ([fault, l]) => `    ${fault}: ${l.steps} steps, p50 ${l.p50} ms, p99 ${l.p99} ms, max ${l.max} ms`,
  )
  const found = report.findings
    .slice(0, SHOWN)
    .map((f) => `    ${f.kind.toUpperCase()} ${f.subject}: ${f.problem}`)
  const more = report.findings.length - found.length
  return [
    `${report.store}: ${total} faults survived, lost ${report.lost}, duplicated without cause ${report.duplicated}, other broken guarantees ${report.broken}`,
    '  faults',
    ...list(report.faults),
    '  counts',
    ...list(report.counts),
    '  lateness by active fault',
    ...late,
    ...(found.length > 0 ? ['  findings', ...found] : []),
    ...(more > 0 ? [`    and ${more} more`] : []),
  ].join('\n')
}

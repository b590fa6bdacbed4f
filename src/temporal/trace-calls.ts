import { type WorkflowClientInterceptor, WorkflowNotFoundError } from '@temporalio/client'
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common'
import type { ActivityInterceptorsFactory } from '@temporalio/worker'
import type { RecordRunInput, SendInput, TagInput } from '../../activities/index.ts'
import { readTrace, withTrace } from '../../workflows/tracing/trace-header.ts'
import { maskId, parseWorkflowId } from '../shared/ids.ts'
import type { Attributes, Span, Tracing } from '../tracing/tracing.ts'

/**
 * Traces client calls: a call within a span (of the dispatcher) is a span too, and carries the trace in its headers. Replaces
 * `@temporalio/interceptors-opentelemetry`, which exports personal data: docs/adr/0007-trace-interceptors.md.
 */
export function traceCalls({ step }: Tracing): WorkflowClientInterceptor {
  const headersOf = <T extends { headers: Parameters<typeof withTrace>[0] }>(input: T, span: Span): T => ({
    ...input,
    headers: withTrace(input.headers, span.traceparent === null ? null : { traceparent: span.traceparent }),
  })
  return {
    signalWithStart: (input, next) =>
      step({ name: `signalWithStart ${input.workflowType}`, kind: 'producer' }, async (span) => {
        const runId = await next(headersOf(input, span))
        span.setAttributes({ runId })
        return runId
      }),
    signal: (input, next) =>
      step({ name: `signal ${input.signalName}`, kind: 'producer' }, async (span) => {
        try {
          await next(headersOf(input, span))
        } catch (err) {
          if (err instanceof WorkflowNotFoundError) span.succeed('no-run')
          throw err
        }
      }),
  }
}

/** Traces activities: each attempt is a span in the trace of its run's entry. */
export function traceActivities({ span }: Tracing): ActivityInterceptorsFactory {
  return ({ info }) => ({
    inbound: {
      execute(input, next) {
        const trace = readTrace(input.headers)
        const attributes = {
          attempt: info.attempt,
          ...followerAttributes(info.workflowExecution),
          ...stepOf(input.args[0]),
        }
        return span(
          {
            // The first attempt of a send is a local activity with a name of its own.
            name: info.activityType === 'sendNow' ? 'send' : info.activityType,
            kind: 'consumer',
            parent: trace?.traceparent ?? null,
            links: trace?.lastSignal ? [trace.lastSignal] : [],
            attributes,
          },
          async (span) => {
            try {
              const answer = await next(input)
              span.setAttributes(resultOf(answer))
              // A local attempt that called nothing: the step continues in the queue.
              if (info.isLocal && answer === null) span.discardIfEmpty()
              return answer
            } catch (err) {
              if (err instanceof ApplicationFailure && err.category === ApplicationFailureCategory.BENIGN) {
                span.succeed(err.type ?? 'waits')
                // A stopped account is checked every minute, perhaps for days.
                if (info.attempt > 1) span.discardIfEmpty()
              }
              throw err
            }
          },
        )
      },
    },
  })
}

function followerAttributes(run: { workflowId: string; runId: string } | undefined): Attributes {
  const follower = run && parseWorkflowId(run.workflowId)
  return follower ? { appId: follower.appId, follower: maskId(follower.openId), runId: run.runId } : {}
}

/** The inputs of all activities (`workflows/activity-calls.ts`). Each field may be missing. */
type AnyInput = Partial<SendInput> & Partial<RecordRunInput> & Partial<TagInput>

function stepOf(input: unknown): Attributes {
  const { state, index, step } = (input ?? {}) as AnyInput
  const key = state?.entry.key
  return {
    ...(state ? { key, run: key, campaign: `${state.campaign}@${state.version}` } : {}),
    step: step ?? (index === undefined ? undefined : state?.steps[index]?.id),
  }
}

/** How a step ended: `result`, and WeChat's errcode. */
function resultOf(answer: unknown): Attributes {
  const { result, errcode } = (answer ?? {}) as { result?: unknown; errcode?: unknown }
  return {
    ...(typeof result === 'string' ? { result } : {}),
    ...(typeof errcode === 'number' ? { errcode } : {}),
  }
}

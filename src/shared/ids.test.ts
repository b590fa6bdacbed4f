import { describe, expect, it } from 'vitest'
import { parseWorkflowId, workflowIdOf } from './ids.ts'

describe('a workflow id', () => {
  it('names its follower', () => {
    expect(workflowIdOf('wx1', 'oA')).toBe('nurture/wx1/oA')
    for (const openId of ['oA', 'o/with/slashes'])
      expect(parseWorkflowId(workflowIdOf('wx1', openId))).toEqual({ appId: 'wx1', openId })
  })

  it.each(['', 'nurture', 'nurture/wx1', 'nurture/wx1/', 'nurture//oA', 'other/wx1/oA'])(
    '%j names no follower',
    (workflowId) => expect(parseWorkflowId(workflowId)).toBeNull(),
  )
})

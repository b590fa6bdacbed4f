/**
 * An Error without the stack of `new Error()`. For each promise of a workflow, the SDK (1.24) calls `new Error()` in the
 * workflow's sandbox and formats its stack with source maps, so that the Web UI can show a call stack. That took half of the
 * CPU time of the workflow thread, and no setting turns it off. Errors with a message, and subclasses, keep their stack.
 */
export function withoutPromiseStacks(original: ErrorConstructor): ErrorConstructor {
  const replaced: ErrorConstructor = new Proxy(original, {
    construct: (target, args: unknown[], newTarget) =>
      args.length === 0 && newTarget === replaced
        ? Object.create(original.prototype)
        : Reflect.construct(target, args, newTarget),
  })
  return replaced
}

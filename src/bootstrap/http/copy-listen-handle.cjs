// Sends the listening handle that it gets back as many times as it is asked to, and ends. See wide-door.ts.
process.once('message', (copies, handle) => {
  // Nothing else keeps it alive while a copy is on its way.
  process.channel.ref()
  let left = copies
  const next = () => {
    if (left <= 0) process.exit(0)
    left -= 1
    process.send('copy', handle, next)
  }
  next()
})

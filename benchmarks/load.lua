-- Sends the requests of a file in turn, and counts the answers by status.
-- Arguments: the file, requests separated by NUL; the place of the first one to send.

local threads = {}

function setup(thread)
   table.insert(threads, thread)
end

function init(args)
   requests, statuses = {}, {}
   local file = assert(io.open(args[1], "rb"))
   for each in file:read("*a"):gmatch("[^%z]+") do
      table.insert(requests, each)
   end
   file:close()
   place = tonumber(args[2])
end

function request()
   place = place + 1
   return requests[(place - 1) % #requests + 1]
end

function response(status)
   statuses[status] = (statuses[status] or 0) + 1
end

function done(summary, latency)
   io.write(string.format(
      '{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "lost": %d, "place": %d',
      summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
      summary.errors.connect + summary.errors.read + summary.errors.write
         + summary.errors.timeout, threads[1]:get("place")))
   io.write(', "statuses": {')
   local separator = ""
   for status, number in pairs(threads[1]:get("statuses")) do
      io.write(string.format('%s"%d": %d', separator, status, number))
      separator = ", "
   end
   io.write("}}\n")
end
